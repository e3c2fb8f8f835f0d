"""Writes the messages into ``docs/errors.md`` by making each of them happen: ``python -m dev.errors``.

``tests/messages/`` holds the page to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import RequestInvalid, SeedanceError
from dev.generated import with_generated
from tests.messages.provocations import MESSAGES, Provoke
from tests.messages.scene import Scene

PAGE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
COMMAND = "python -m dev.errors"
_HEADER = "| what happens | error | message | what to do |\n|---|---|---|---|"
#: What differs from time to time and from machine to machine.
_VARYING = re.compile(
    r"127\.0\.0\.1:\d{2,5}|cgt-\d{14}-\w{5}|task-unified-\d{10}-\w+|\b021\d{12}\w{20,}"
    r"|20\d\d-\d\d-\d\dT[\d:.]+\+00:00|(?<=promises )\d+|(?<=says )\d+|(?<=needs )\d+|(?<=byte )\d+"
    r"|(?<=and )\d+(?= are)|(?<=\[Errno )\d+"
)


def message_of(provoke: Provoke, scene: Scene) -> SeedanceError:
    """The error that it ends with.

    :raises AssertionError: if it ends with none.
    """
    try:
        provoke(scene)
    except SeedanceError as error:
        return error
    raise AssertionError("nothing went wrong")


def row(what: str, error: SeedanceError, scene: Scene) -> str:
    """A message as a row of the page's table."""
    told, _, advice = str(error).rpartition("\n")
    if isinstance(error, RequestInvalid):
        told = told.partition("\n- ")[2].replace("\n- ", "\n")
    shown = _VARYING.sub("…", told.replace(str(scene.folder), "…"))
    cells = (what, f"`{type(error).__name__}`", _as_code(shown), advice.replace("|", "\\|"))
    return f"| {' | '.join(cells)} |"


def _as_code(text: str) -> str:
    return "<br>".join(f"`{line.strip()}`" for line in text.replace("|", "\\|").splitlines())


def tables() -> str:
    """All messages, part by part."""
    with serve(rate=0) as emulator, TemporaryDirectory() as folder:
        videos: dict[str, str] = {}

        def scenes() -> Iterator[Scene]:
            for number in range(1_000):
                emulator.clear_faults()
                own = Path(folder, str(number))
                own.mkdir()
                yield Scene(emulator, own, videos)

        fresh = scenes()
        return "\n\n".join(_part(title, fresh) for title in MESSAGES)


def _part(title: str, fresh: Iterator[Scene]) -> str:
    rows = (
        row(what, message_of(provoke, scene), scene)
        for (what, provoke), scene in zip(MESSAGES[title].items(), fresh, strict=False)
    )
    return "\n".join([f"### {title}\n", _HEADER, *rows])


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_generated(page, COMMAND, tables()), encoding="utf-8")
