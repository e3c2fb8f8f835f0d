"""Several attempts at each row of a batch, the ledgers of two vendors counted together."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.operators.conftest import creates, lines

BLOCKED = "[emulator:moderation] A fox"
TAME = {"prompt": "A fox in a meadow"}


def billed(emulator: Any) -> Counter[str]:
    return Counter(entry["vendor"] for entry in emulator.ledger()["generations"] if entry["billed"])


def told(summary: dict[str, Any]) -> list[list[tuple[str, int, str]]]:
    """Of each row, its attempts."""
    return [
        [(attempt["connection"], attempt["rung"], attempt["status"]) for attempt in line["attempts"]]
        for line in lines(summary)
    ]


@pytest.fixture
def two(connect) -> Any:
    def made(first: str = "modelark", second: str = "toapis", **changes: Any) -> list[str]:
        return [connect(first, "primary", **changes), connect(second, "backup")]

    return made


def test_each_row_has_its_own_ladder(batching, connect, emulator) -> None:
    """One row needs the second change, the others none; each is billed once."""
    task = batching(connect(conn_id="c"), ("A hare", BLOCKED, "A cat"), on_moderation=[{}, TAME])
    summary = task()
    assert summary["counts"]["succeeded"] == 3
    assert told(summary) == [
        [("c", 0, "succeeded")],
        [("c", 0, "failed"), ("c", 1, "failed"), ("c", 2, "succeeded")],
        [("c", 0, "succeeded")],
    ]
    assert billed(emulator) == {"modelark": 3}
    assert lines(summary)[1]["intents"] == 3


def test_a_refused_input_is_not_repeated(batching, connect, emulator) -> None:
    emulator.add_fault(on="create", kind="moderation", times=1)
    summary = batching(connect(conn_id="c"), ("A fox",), on_moderation=[{}, {"generate_audio": False}])()
    assert told(summary) == [[("c", 0, "refused"), ("c", 1, "skipped"), ("c", 2, "succeeded")]]
    assert creates(emulator) == 2


def test_rows_go_to_the_next_connection(batching, two, emulator) -> None:
    """What a row finds out counts for the others: the first connection is not asked for each row."""
    names = tuple(f"A fox number {number}" for number in range(6))
    summary = batching(two(password="sk-empty"), names)()
    assert summary["counts"]["succeeded"] == 6
    assert billed(emulator) == {"toapis": 6}
    assert emulator.ledger()["requests"]["modelark"]["create"] <= 4


def test_a_connection_in_trouble_is_left_after_a_while(batching, connect, emulator) -> None:
    """Out of reach for ``failover_after`` seconds."""
    primary = connect("modelark", "primary", host="http://127.0.0.1:9/modelark")
    summary = batching([primary, connect("toapis", "backup")], ("A fox",), failover_after=0.1)()
    assert summary["counts"]["succeeded"] == 1
    assert told(summary) == [[("primary", 0, "refused"), ("backup", 0, "succeeded")]]
    assert billed(emulator) == {"toapis": 1}


def test_a_model_that_only_the_backup_has(batching, two, emulator) -> None:
    """Such rows are accepted, and go there."""
    summary = batching(two("toapis", "modelark"), ({"prompt": "A", "model": "seedance-1.0-pro-fast"},))()
    assert summary["counts"]["succeeded"] == 1
    assert billed(emulator) == {"modelark": 1}


def test_a_clear_goes_on_down_the_ladder(batching, connect, emulator) -> None:
    """A batch whose change did not help fails its row; a changed ladder is another request."""
    task = batching(connect(conn_id="c"), (BLOCKED, "A hare"), on_moderation=[{"generate_audio": False}])
    assert task()["counts"] == {**task()["counts"], "succeeded": 1, "failed": 1}
    before = creates(emulator)
    task.operator.on_moderation = [{"generate_audio": False}, TAME]
    task.context["ti"].max_tries += 1
    assert task()["counts"]["succeeded"] == 2
    assert billed(emulator) == {"modelark": 2}
    assert creates(emulator) == before + 1


def test_max_cost_counts_the_dearest_attempt(batching, connect, emulator) -> None:
    """A row whose change might cost more than the limit is refused before anything is paid."""
    task = batching(connect(conn_id="c"), ("A fox",), max_cost="0.30 USD", on_moderation=[{"duration": 12}])
    with pytest.raises(AirflowFailException, match=r"above max_cost 0\.30 USD"):
        task()
    assert creates(emulator) == 0


def test_media_are_not_changed_for_all_rows(batching, connect, emulator) -> None:
    task = batching(connect(conn_id="c"), on_moderation=[{"first_frame": "https://example.com/a.png"}])
    with pytest.raises(AirflowFailException, match="changes first_frame"):
        task()
    assert creates(emulator) == 0
