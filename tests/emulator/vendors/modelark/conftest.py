"""Clients and shortcuts for ModelArk."""

from __future__ import annotations

import pytest

TASKS = "/api/v3/contents/generations/tasks"
V2 = "dreamina-seedance-2-0-260128"
TEXT = [{"type": "text", "text": "A kitten yawns at the camera"}]


@pytest.fixture
def ark(api):
    """A client with a good key."""
    return api("modelark")


@pytest.fixture
def create(ark):
    """Creates a task and returns its id."""

    def post(**fields):
        answer = ark.post(TASKS, json={"model": V2, "content": TEXT, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    return post


@pytest.fixture
def get(ark):
    """Reads a task."""
    return lambda task_id: ark.get(f"{TASKS}/{task_id}").json()
