"""ModelArk's asset library."""

from __future__ import annotations


def test_an_unsigned_control_call_is_refused(api):
    """A bearer key is no signature."""
    answer = api("modelark").post("/?Action=GetAsset&Version=2024-01-01", json={"Id": "x"})
    assert answer.status_code == 401
    assert answer.json()["ResponseMetadata"]["Error"]["Code"] == "MissingAuthenticationToken"
