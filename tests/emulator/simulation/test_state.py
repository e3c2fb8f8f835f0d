"""The state of the emulator."""

from __future__ import annotations

TASKS = "/api/v3/contents/generations/tasks"
BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "A cat"}]}


def test_the_same_seed_gives_the_same_ids(emulator, api):
    """Two runs of a test see the same world, apart from the time."""

    def tails():
        emulator.reset()
        return [api("modelark").post(TASKS, json=BODY).json()["id"][-5:] for _ in range(5)]

    assert tails() == tails()
