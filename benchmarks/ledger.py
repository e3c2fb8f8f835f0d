"""What the ledger adds to a submission, and how long its answers take among a million rows, in both databases.

A submission reads the record, reserves its estimate against two budgets in the transaction that inserts the intent,
and stores the generation id. The rows are a year's, of ten DAGs.

Run: ``python -m benchmarks.ledger``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from sqlalchemy import URL, make_url, text

from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.core.ledger.budgets import Scope
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.entries import Intent, Order, Owner, Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.money import parse_limits
from airflow_provider_seedance.models import Cost
from benchmarks.report import Report, Row, Table, ratio, run
from dev.services import postgres

ROWS = 1_000_000
SUBMISSIONS = 300
LOOKS = 15
#: Milliseconds.
TO_REACH = {"sqlite": 5.0, "postgresql": 10.0}
ANSWER = 100.0
NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
LIMITS = parse_limits(
    [{"limit": "1000000000 USD", "per": "month"}, {"limit": "1000000 USD", "per": "dag_run"}]
)

_COLUMNS = (
    "owner, number, intent_id, dag_id, run_id, task_id, map_index, fingerprint, model, mode, prompt, vendor,"
    " account_id, seedance_conn_id, generation_id, estimate_amount, estimate_currency, counted_amount,"
    " counted_currency, cost_amount, cost_currency, cost_basis, status, created_at, created_on,"
    " updated_at, settled_at, record"
)
_VALUES = (
    "'o' || n, 1, 'i' || n, 'dag-' || (n % 10), 'run-' || (n / 100), 'task', -1, 'v1:' || n, 'seedance-' || (n % 5),"
    " 'text', 'A red kite over dunes at dawn', 'modelark', 'account', 'seedance_default', 'cgt-' || n, 700000000,"
    " 'USD', 700000000, 'USD', 700000000, 'USD', 'billed', 'succeeded', {moment}, {day}, {moment}, {moment}, '{{}}'"
)
_BACK = f"'2026-11-21 12:00:00', '-' || (({ROWS} - n) * 31) || ' seconds'"
_MOMENT = f"timestamptz '2026-11-21 12:00:00+00' - (({ROWS} - n) * 31) * interval '1 second'"
_FILL = {
    "sqlite": f"WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS - 1})"
    f" INSERT INTO seedance_intents ({_COLUMNS}) SELECT "
    + _VALUES.format(
        moment=f"strftime('%Y-%m-%d %H:%M:%S.000000', {_BACK})", day=f"strftime('%Y-%m-%d', {_BACK})"
    )
    + " FROM numbers",
    "postgresql": f"INSERT INTO seedance_intents ({_COLUMNS}) SELECT "
    + _VALUES.format(moment=_MOMENT, day=f"to_char(timezone('UTC', {_MOMENT}), 'YYYY-MM-DD')")
    + f" FROM generate_series(0, {ROWS - 1}) AS n",
}


@contextmanager
def databases() -> Iterator[dict[str, URL]]:
    """A file, and a server."""
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder) / "logs") as server:
        yield {
            "sqlite": URL.create("sqlite", database=f"{folder}/ledger.db"),
            "postgresql": make_url(server),
        }


def intent(number: int) -> Intent:
    return Intent(
        Owner(f"owner-{number}", "film", "run", f"task-{number}", -1),
        1,
        f"sd-{number}",
        "modelark",
        "account",
        "seedance_default",
        NOW,
        Order("v1:new", "seedance-2.0", "text", "A kite", "{}", Cost(amount=Decimal("0.7"), currency="USD")),
        Progress("intended", {"intent_number": 1}),
    )


def submit(ledger: Ledger, number: int) -> None:
    """All that a submission asks of the ledger."""
    made = intent(number)
    ledger.latest_record(made.owner.key)
    ledger.insert(made, LIMITS)
    ledger.write(replace(made, progress=Progress("submitted", {}, f"cgt-new-{number}")), NOW)


def settle(ledger: Ledger, number: int) -> None:
    cost = Settlement(Cost(amount=Decimal("0.69"), currency="USD", basis="billed"))
    ledger.write(replace(intent(number), progress=Progress("succeeded", {}, settlement=cost)), NOW)


def median_ms(work: Callable[[int], object], times: int) -> float:
    found = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def answers(ledger: Ledger) -> dict[str, float]:
    """Milliseconds for each question, among all rows."""
    month = spend.Filter(since=NOW - timedelta(days=30))
    scope = Scope("seedance_default", "dag-1", "run-1", NOW)
    return {
        "spend of 30 days by DAG and model": median_ms(
            lambda _: spend.spend(ledger.engine, month, ("dag_id", "model")), LOOKS
        ),
        "budget of the month": median_ms(lambda _: ledger.standings(LIMITS[:1], scope), LOOKS),
        "budget of a DAG run": median_ms(lambda _: ledger.standings(LIMITS[1:], scope), LOOKS),
        "a page of 48 intents": median_ms(
            lambda _: list(spend.history(ledger.engine, spend.Filter(), limit=48)), LOOKS
        ),
    }


def measure() -> Report:
    rows, lines = [], []
    with databases() as urls:
        for name, url in urls.items():
            ledger = Ledger.open(make_engine(url))
            added = median_ms(lambda number, ledger=ledger: submit(ledger, number), SUBMISSIONS)  # type: ignore[misc]
            settled = median_ms(lambda number, ledger=ledger: settle(ledger, number), SUBMISSIONS)  # type: ignore[misc]
            with ledger.engine.begin() as connection:
                connection.execute(text(_FILL[name]))
            if name == "postgresql":
                with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE seedance_intents"))
            found = answers(ledger)
            ledger.engine.dispose()
            limit = TO_REACH[name]
            rows.append(_row(f"ledger: a submission, {name}", added, limit))
            rows += [
                _row(f"ledger: {what}, 1,000,000 rows, {name}", ms, ANSWER) for what, ms in found.items()
            ]
            lines.append((name, f"{added:.1f}", f"{settled:.1f}"))
    table = Table("Milliseconds, median.", ("database", "a submission", "a settlement"), lines)
    return Report(rows, [table])


def _row(what: str, milliseconds: float, limit: float) -> Row:
    reached = milliseconds <= limit
    return Row(
        what,
        f"{milliseconds:.1f} ms",
        f"{limit:g} ms",
        ratio(milliseconds, limit),
        f"≤ {limit:g} ms",
        reached,
    )


if __name__ == "__main__":
    sys.exit(run(measure))
