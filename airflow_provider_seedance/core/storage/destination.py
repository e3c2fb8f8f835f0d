"""Where a video goes, from a template such as ``s3://bucket/{model}/{generation_id}.mp4``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from string import Formatter
from urllib.parse import quote

from airflow_provider_seedance.errors import ConfigurationError

DEFAULT_FILE_NAME = "{generation_id}.mp4"

_OTHERS_HOME = re.compile("~[^/]")


def resolve_destination(template: str, fields: Mapping[str, str | None]) -> str:
    """The path or URI that ``template`` means for one video.

    ``{name}`` stands for ``fields[name]``, ``{{`` and ``}}`` for braces. A template that ends with a slash, or names an
    existing directory of this machine, gets ``{generation_id}.mp4`` in it; in an object store only the slash says that
    a directory is meant. A leading ``~/`` is the home directory of the worker's user. Whatever could act in a path
    (``/``, ``..``, ``~``, ``?``, spaces) is percent-encoded in the values: each stays one harmless path segment, and
    two different values never meet in one file.

    :param fields: at least ``generation_id``; ``None`` for what is not known of this video.
    :raises ConfigurationError: for a malformed template, an unknown name (the known ones are listed), or a
        name whose value is not known.
    """
    if not template.strip():
        raise _unusable(template, "it is empty")
    resolved = _fill_in(template, fields)
    if resolved.endswith("/"):
        return resolved + _fill_in(DEFAULT_FILE_NAME, fields)
    if _is_local_directory(resolved):
        return f"{resolved}/{_fill_in(DEFAULT_FILE_NAME, fields)}"
    return resolved


def _fill_in(template: str, fields: Mapping[str, str | None]) -> str:
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as fault:
        raise _unusable(template, f"{fault}; a literal brace is written twice") from fault
    if _OTHERS_HOME.match(template):
        raise _unusable(template, "another user's home directory must be written in full")
    filled = ""
    for text, name, form, conversion in pieces:
        filled += text
        if name is not None:
            if form or conversion:
                raise _unusable(template, f"{{{name}}} takes no format or conversion")
            filled += _segment(template, name, fields)
    return filled


def _segment(template: str, name: str, fields: Mapping[str, str | None]) -> str:
    if name not in fields:
        raise _unusable(template, f"{{{name}}} is not known; known are {', '.join(sorted(fields))}")
    value = fields[name]
    if not value:
        raise _unusable(template, f"{{{name}}} has no value for this video")
    return encode_segment(value)


def encode_segment(value: str) -> str:
    """A value as one harmless segment of a path, different for different values."""
    # A shell's word for a home directory must come from the template, not from a value.
    encoded = quote(value, safe="").replace("~", "%7E")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def _is_local_directory(resolved: str) -> bool:
    # A name that is too long is refused where it is known what is to be written there.
    with suppress(OSError):
        return Path(resolved.removeprefix("file://")).is_dir()
    return False


def _unusable(template: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"destination {template!r} cannot be used: {why}",
        advice="Correct the destination, then clear the task.",
    )
