"""Limits of request bodies."""

from __future__ import annotations

import httpx
import pytest

from airflow_provider_seedance.emulator.vendors import VENDORS

MEBIBYTE = 1024 * 1024
TASKS = "/api/v3/contents/generations/tasks"


def chunks(size):
    """A body whose length is not announced."""
    for _ in range(0, size, MEBIBYTE):
        yield bytes(MEBIBYTE)


@pytest.mark.parametrize("content", [b"x" * (MEBIBYTE + 1), chunks(2 * MEBIBYTE)], ids=["length", "chunks"])
def test_the_control_surface_takes_one_mebibyte(content, emulator):
    """413 with the limit, whether the length is announced or not."""
    answer = httpx.post(f"{emulator.url}/_emulator/faults", content=content, timeout=60)
    assert (answer.status_code, "1,048,576" in answer.json()["error"]) == (413, True)


def test_a_vendor_takes_64_mebibytes(emulator, api):
    """A larger request is refused in front of the vendor; the log tells it without the body."""
    answer = api("modelark").post(TASKS, content=chunks(65 * MEBIBYTE))
    assert answer.status_code == 413
    note = emulator.requests()[-1]
    assert (note["operation"], note["status"], note["body"]) == ("create", 413, "")
    assert "67,108,864" in note["problem"]


def test_an_unknown_path_takes_little(emulator):
    """Nobody reads it."""
    assert httpx.post(f"{emulator.url}/x", content=chunks(2 * MEBIBYTE), timeout=60).status_code == 413


def test_only_uploads_of_files_have_a_higher_limit():
    """EvoLink takes files of 100 MiB, in Base64 as well."""
    limits = {endpoint.path: endpoint.max_body_bytes for vendor in VENDORS for endpoint in vendor.endpoints()}
    higher = {path for path, limit in limits.items() if limit > 64 * MEBIBYTE}
    assert higher == {"/api/v1/files/upload/base64", "/api/v1/files/upload/stream"}


@pytest.mark.parametrize("path", ["/modelark" + TASKS, "/_emulator/faults", "/_emulator/clock"])
def test_a_body_nested_too_deep_is_refused(path, emulator):
    """It overflows the JSON reader, and is a bad request like any other."""
    headers = {"Authorization": "Bearer sk-one"}
    assert httpx.post(emulator.url + path, content=b"[" * 19_000, headers=headers).status_code == 400
