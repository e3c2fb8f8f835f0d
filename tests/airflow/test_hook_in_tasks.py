"""The hook in plain tasks of a DAG."""

from __future__ import annotations


def test_a_sync_and_an_async_task(run_dag, hurried_emulator) -> None:
    """Both see the generation that the first one submitted."""
    outcome = run_dag("tested_hook", seedance_conn_id="seedance_modelark")
    assert outcome.state == "success"
    (entry,) = hurried_emulator.ledger()["generations"]
    first, second = outcome.returned["on_a_thread"], outcome.returned["on_a_loop"]
    assert first["generation_id"] == first["seen"] == second["seen"] == entry["generation_id"]
    assert second["listed"] == [entry["generation_id"]]
    assert float(first["estimate"]) > 0
