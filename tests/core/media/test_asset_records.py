"""What is made in a library without a list: noted first, so that nothing is made twice."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.media.asset_records import made_once
from airflow_provider_seedance.errors import AssetOutcomeUnknown, NoReply, ValidationRefused


class Notes(dict):
    def read(self, key):
        return self.get(key)

    def write(self, key, value):
        self[key] = value


def _fails(error):
    def create():
        raise error

    return create


def test_it_is_made_once() -> None:
    notes = Notes()
    assert made_once(notes, "v/a/group/cast", lambda: lambda: "pg_1") == ("pg_1", True)
    assert made_once(notes, "v/a/group/cast", lambda: _fails(AssertionError)) == ("pg_1", False)


@pytest.mark.parametrize("error", [NoReply("lost"), KeyboardInterrupt()])
def test_what_may_have_been_made_is_not_made_again(error) -> None:
    """The answer was lost, or the process died on the way."""
    notes = Notes()
    with pytest.raises(type(error)):
        made_once(notes, "v/a/group/cast", lambda: _fails(error))
    with pytest.raises(AssetOutcomeUnknown, match="group/cast"):
        made_once(notes, "v/a/group/cast", lambda: lambda: "pg_2")


def test_what_was_refused_is_tried_again() -> None:
    notes = Notes()
    with pytest.raises(ValidationRefused):
        made_once(notes, "v/a/group/cast", lambda: _fails(ValidationRefused("no", http_status=400)))
    assert made_once(notes, "v/a/group/cast", lambda: lambda: "pg_1") == ("pg_1", True)


@pytest.mark.parametrize(
    "error", [NoReply("lost"), KeyboardInterrupt(), ValidationRefused("no", http_status=400)]
)
def test_what_was_not_even_begun_is_tried_again(error) -> None:
    """The upload before it may be made again: no record says that something may be there."""
    notes = Notes()
    with pytest.raises(type(error)):
        made_once(notes, "v/a/group/cast", _fails(error))
    assert notes == {}
    assert made_once(notes, "v/a/group/cast", lambda: lambda: "pg_1") == ("pg_1", True)
