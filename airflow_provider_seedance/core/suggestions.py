"""The known name or value that somebody most likely meant: what refusals add as "did you mean"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from airflow_provider_seedance.core.redaction import describe

#: How alike two names must be, from 0 to 1, as :class:`difflib.SequenceMatcher` measures it.
CUTOFF = 0.7


def suggest(given: Any, known: Iterable[Any]) -> str | None:
    """The one of ``known`` that ``given`` most likely stands for, or ``None``.

    Case and punctuation do not count; a part of a known name counts, and so does the number that YAML makes of an
    unquoted ``16:9``.
    """
    names = {str(name): _letters(str(name)) for name in known}
    text, letters = str(given).strip(), _letters(str(given))
    if not letters or len(text) > 100:
        return None
    is_part = len(letters) > 2 or letters.isdigit()
    return (
        next((name for name in names if name == sexagesimal(given)), None)
        or next((name for name, its in names.items() if its == letters), None)
        or next((name for name, its in names.items() if is_part and its.startswith(letters)), None)
        or next((name for name, its in names.items() if is_part and its.endswith(letters)), None)
        or _closest(letters, names)
    )


def did_you_mean(given: Any, known: Iterable[Any]) -> str:
    """A sentence with what :func:`suggest` finds, and a blank after it; empty if that is nothing."""
    found = suggest(given, known)
    if found is None:
        return ""
    if found == sexagesimal(given):
        return f"did you mean {found!r}? YAML reads it as a number unless it is quoted; "
    return f"did you mean {found!r}? "


def unknown_name(kind: str, given: Any, known: Iterable[str]) -> str:
    """A sentence about a name that is none of the known ones; ``kind`` says of what it is the name."""
    names = list(known)
    return f"unknown {kind} {describe(given)}; {did_you_mean(given, names)}known {kind}s: {', '.join(names)}"


def sexagesimal(given: Any) -> str | None:
    """What YAML 1.1 reads as the whole number ``given``: ``16:9`` for 969."""
    text = str(given)
    return f"{int(text) // 60}:{int(text) % 60}" if re.fullmatch("[1-9][0-9]{1,4}", text, re.ASCII) else None


def _closest(letters: str, names: dict[str, str]) -> str | None:
    """The name that is most alike, the first of several."""
    likeness = {name: difflib.SequenceMatcher(None, letters, its).ratio() for name, its in names.items()}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= CUTOFF else None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())
