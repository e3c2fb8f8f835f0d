"""The command line: ``python -m airflow_provider_seedance.emulator``."""

from __future__ import annotations

import argparse
import sys
import urllib.request

from airflow_provider_seedance.emulator.installation import require_extra

_ABOUT = """\
Emulates four Seedance vendors on this machine: the same paths, checks and error texts, generations that take
their time, and real MP4 files at the end. Nothing is billed and nothing leaves this machine.

Put the address that is printed for a vendor into the host of a Seedance connection. Any key is good, but
sk-invalid (refused with 401) and sk-empty (no balance left). Each key sees its own generations.
"""

#: Seconds for the answer to a health check.
_CHECK_SECONDS = 5

_MORE = """\
steering it while it runs:
  curl URL/_emulator/ledger                                         what was asked, what would be billed
  curl URL/_emulator/requests                                       the last requests, keys masked
  curl URL/_emulator/clock  -d '{"advance": 3600}'                   let an hour of vendor time pass
  curl URL/_emulator/clock  -d '{"rate": 1}'                         go on in real time
  curl URL/_emulator/faults -d '{"on":"create","kind":"status","status":429,"retry_after":"3"}'
  curl URL/_emulator/faults -d '{"on":"create","kind":"drop_after_accept"}'
  curl URL/_emulator/faults -d '{"on":"get","kind":"reply","status":403,"body":"<html>Access denied</html>"}'
  curl URL/_emulator/health                                         whether it answers
  curl URL/_emulator/reset  -X POST                                  start again with an empty state

sample inputs: URL/_emulator/samples/{first,last,reference}.png, reference.mp4, reference.mp3, reference.wav
words in a prompt that decide an outcome: [emulator:moderation] [emulator:fail] [emulator:stuck]
in a container: --host 0.0.0.0 --name NAME, where NAME is what others call the container; the health check is
  python -m airflow_provider_seedance.emulator --check URL
asset library of modelark: any access key, with the secret key emulator-secret-key
"""


def main(arguments: list[str] | None = None) -> int:
    """Run in the foreground until Ctrl-C or SIGTERM; 1 if that cannot be done."""
    options = parser().parse_args(arguments)
    if options.check:
        return _check(options.check)
    try:
        require_extra()
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return _serve(options)


def _check(url: str) -> int:
    """Whether the emulator at that URL answers, as an exit status."""
    # A proxy of the environment does not lead to containers.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url.rstrip('/')}/_emulator/health", timeout=_CHECK_SECONDS):
            return 0
    except (OSError, ValueError) as error:
        print(f"no healthy emulator at {url}: {error}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    from airflow_provider_seedance.emulator.server import bind, build_server, url_of
    from airflow_provider_seedance.emulator.simulation.clock import Clock
    from airflow_provider_seedance.emulator.simulation.state import Settings
    from airflow_provider_seedance.emulator.vendors import VENDORS

    try:
        listener = bind(options.host, options.port)
    except OSError as fault:
        print(f"cannot listen on {options.host}:{options.port}: {fault.strerror}", file=sys.stderr)
        return 1
    settings = Settings(
        seed=options.seed,
        host=options.host,
        names=tuple(options.name),
        link_seconds=options.link_seconds,
        slots=options.slots,
        webhook_secret=options.webhook_secret,
    )
    server = build_server(listener, Clock(options.rate), settings)
    url = url_of(listener)
    hosts = " ".join(f"{vendor.name}={url}/{vendor.name}" for vendor in VENDORS)
    listener.listen()
    print(f"Seedance emulator ready at {url} - connection hosts: {hosts}", flush=True)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    return 0


def parser() -> argparse.ArgumentParser:
    """What reads the command line's arguments."""
    found = argparse.ArgumentParser(
        prog="python -m airflow_provider_seedance.emulator",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--name", action="append", default=[], metavar="NAME", help="a further host name by which the control surface "
        "may be called, such as that of a container; may be repeated")  # fmt: skip
    add(
        "--check",
        metavar="URL",
        help="ask the emulator at that URL whether it is healthy, and exit with 0 or 1",
    )
    add("--port", type=int, default=8765, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--rate", type=float, default=60.0, help="vendor seconds per second: 60 makes a minute pass in a second, "
        "1 is real time, 0 stops the clock (default: %(default)s)")  # fmt: skip
    add(
        "--seed", type=int, default=0, help="the same seed gives the same ids, delays and faults (default: 0)"
    )
    add(
        "--link-seconds",
        type=float,
        default=86400,
        help="life of result links in vendor time (default: 24 h)",
    )
    add("--slots", type=int, default=10, help="modelark generations that run at once per model (default: 10)")
    add(
        "--webhook-secret",
        default="whsec-emulator",
        help="signs toapis webhooks; NEW,PREVIOUS both do (default: %(default)s)",
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
