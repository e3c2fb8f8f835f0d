"""Waiting for rows on a thread of the worker."""

from __future__ import annotations

import logging
from queue import SimpleQueue

from airflow_provider_seedance.core.batch.poller import BatchPoller
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.errors import NoReply
from tests.core.polling.vendor import START, Time, Vendor


def test_the_trouble_of_a_connection_is_told_once_for_all_rows(caplog) -> None:
    caplog.set_level(logging.INFO)
    time, ended = Time(), SimpleQueue()
    vendor = Vendor(time, faults=[NoReply("cut")] * 3)
    poller = BatchPoller(
        lambda conn_id: vendor,
        lambda row: "seedance_default",
        lambda row, outcome, wait: ended.put((row, outcome)),
        clock=time,
    )
    with poller:
        for row in range(1, 51):
            poller.wait_for(row, f"g{row}", WaitState(started=START, deadline=START + 36_000))
        outcomes = dict(ended.get(timeout=30) for _ in range(50))
    assert outcomes == dict.fromkeys(range(1, 51), WaitOutcome.ENDED)
    warning, end = (record.getMessage() for record in caplog.records)
    assert warning.startswith("Connection seedance_default: a status request failed: cut.")
    assert end.startswith("Connection seedance_default: status requests are answered again")
