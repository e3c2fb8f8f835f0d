"""``python -m airflow_provider_seedance``: what was spent, and the ledger's rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.core.ledger.budgets import MAX_NAMED, RESOLVE
from airflow_provider_seedance.core.ledger.tables import to_csv, to_json_lines, to_table
from airflow_provider_seedance.errors import ConfigurationError, SeedanceError
from airflow_provider_seedance.runtime.ledger import require_ledger

_ELSEWHERE = (
    "Videos that were paid for and that nobody has are brought home by SeedanceHook(...).rescue(destination), and the"
    " vendors' APIs are served for tests by python -m airflow_provider_seedance.emulator."
)
_FORMATS = {"table": to_table, "json": to_json_lines, "csv": to_csv}
#: Rows that a listing shows, unless it is told.
DEFAULT_LIMIT = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 1 if it failed."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except SeedanceError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever reads it has seen enough.
        sys.stderr.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_seedance",
        description="Reads the ledger that [seedance] ledger_conn_id of Airflow's configuration names.",
        epilog=_ELSEWHERE,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    sums = _add(commands, "spend", _spend, "sum up what was spent, by currency and basis")
    sums.add_argument(
        "--by", default="", metavar="NAMES", help="sums for each of these, such as dag_id,model or month"
    )
    ledger = commands.add_parser("ledger", help="list, export, settle, resolve or prune the ledger's rows")
    of_ledger = ledger.add_subparsers(required=True, metavar="command")
    listing = _add(of_ledger, "list", _list, "show the latest intents")
    listing.add_argument(
        "--limit", type=int, default=DEFAULT_LIMIT, help="rows at most (default: %(default)s)"
    )
    _add(of_ledger, "export", _export, "write all intents, the latest first", default="csv")
    settle = of_ledger.add_parser("settle", help="ask a vendor about all that is not settled")
    settle.add_argument("--conn-id", required=True, help="the connection whose intents are settled")
    settle.set_defaults(run=_settle)
    resolve = of_ledger.add_parser("resolve", help="tell what an intent of unknown outcome bought")
    resolve.add_argument(
        "intent_id", metavar="INTENT_ID", help="as a budget's refusal or `ledger list` names it"
    )
    bought = resolve.add_mutually_exclusive_group(required=True)
    bought.add_argument("--not-bought", action="store_true", help="give back what it reserves")
    bought.add_argument("--generation-id", metavar="ID", help="the generation that it bought")
    resolve.set_defaults(run=_resolve)
    prune = of_ledger.add_parser("prune", help="forget what is settled and older than a date")
    prune.add_argument("--before", required=True, metavar="DATE", help="such as 2026-01-01")
    prune.set_defaults(run=_prune)
    return parser


def _add(
    commands: Any, name: str, run: Any, about: str, *, default: str = "table"
) -> argparse.ArgumentParser:
    """A command that prints intents, or sums of them."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about.capitalize())
    command.add_argument("--since", metavar="DATE", help="made at or after this date or time; UTC")
    command.add_argument("--until", metavar="DATE", help="made before it")
    for column in ("dag_id", "run_id", "model", "vendor", "seedance_conn_id", "status"):
        command.add_argument(f"--{column.replace('_', '-')}", metavar="NAME", help=f"only this {column}")
    formats = command.add_mutually_exclusive_group()
    for form in _FORMATS:
        formats.add_argument(f"--{form}", dest="format", action="store_const", const=form)
    command.set_defaults(run=run, format=default)
    return command


def _spend(options: argparse.Namespace) -> None:
    by = [name.strip() for name in options.by.split(",") if name.strip()]
    engine, which = _engine(), _filter(options)
    _print(spend.spend(engine, which, by), options.format)
    unknown = spend.unknown_outcomes(engine, which, clock.utc_now(clock.SYSTEM_CLOCK))
    if unknown:
        print(
            f"Nobody knows whether {len(unknown)} intents bought anything: {', '.join(unknown[:MAX_NAMED])}"
            f"{', ...' if len(unknown) > MAX_NAMED else ''}. Look for them in the vendor's console, and tell the"
            f" ledger with {RESOLVE}.",
            file=sys.stderr,
        )


def _list(options: argparse.Namespace) -> None:
    _print(spend.history(_engine(), _filter(options), limit=options.limit), options.format)


def _export(options: argparse.Namespace) -> None:
    _print(spend.history(_engine(), _filter(options)), options.format)


def _settle(options: argparse.Namespace) -> None:
    from airflow_provider_seedance.core.submission.settle import settle_all
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    ledger = require_ledger("settling")
    with SeedanceHook(options.conn_id).get_conn() as client:
        settled = settle_all(ledger, client, clock.SYSTEM_CLOCK)
    print(f"{settled} intents are settled by the vendor's word.")


def _resolve(options: argparse.Namespace) -> None:
    from airflow_provider_seedance.core.submission.resolve import resolve
    from airflow_provider_seedance.models import parse_generation_id

    generation_id = None if options.not_bought else parse_generation_id(options.generation_id)
    ledger = require_ledger("this command")
    resolve(ledger, options.intent_id, generation_id=generation_id, clock=clock.SYSTEM_CLOCK)
    print(f"Intent {options.intent_id} bought {generation_id or 'nothing'}.")


def _prune(options: argparse.Namespace) -> None:
    before = spend.parse_moment("before", options.before)
    if before is None:
        raise ConfigurationError("--before must be a date")
    print(f"{spend.prune(_engine(), before)} settled intents are forgotten.")


def _engine() -> Any:
    return require_ledger("this command").engine


def _filter(options: argparse.Namespace) -> spend.Filter:
    columns = ("dag_id", "run_id", "model", "vendor", "seedance_conn_id", "status")
    values = tuple((name, value) for name in columns if (value := getattr(options, name)) is not None)
    since, until = (spend.parse_moment(name, getattr(options, name)) for name in ("since", "until"))
    return spend.Filter(since, until, values)


def _print(rows: Iterable[Mapping[str, Any]], form: str) -> None:
    for line in _FORMATS[form](rows):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
