"""Whose file is at a destination, and whether it may be replaced: one rule for landing and for publishing.

A record beside each video says which generation it comes from: ``<file>.json``, a manifest where the video landed, a
sidecar where it was published. The video is written first and its record last, so a file without a record may be one
whose writer died in between: such a file is told by its hash.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest, Sidecar
from airflow_provider_seedance.core.storage.files import commit, has_content, read_bytes, size_of, write_text
from airflow_provider_seedance.core.storage.paths import StoragePath, beside, uri_of
from airflow_provider_seedance.errors import ConfigurationError, DestinationError, Kind

log = logging.getLogger(__name__)

#: What to do about a file that is already there. ``own`` takes over or replaces what the same generation left there
#: and refuses another's file, ``always`` replaces whatever it is, ``never`` refuses whatever it is.
Overwrite = Literal["own", "always", "never"]
Record: TypeAlias = Manifest | Sidecar

#: Bytes of a record.
MAX_RECORD = 16 * 1024**2
_REMEDY = (
    "Give each video a name of its own, with {generation_id} or {{ run_id }} in the destination; or set"
    " overwrite='always' to replace what is there. Then clear the task."
)


def check_overwrite(overwrite: str) -> None:
    """
    :raises ConfigurationError: for a word that is not an :data:`Overwrite`.
    """
    if overwrite not in get_args(Overwrite):
        raise ConfigurationError(
            f"overwrite={overwrite!r} is not known; known are {', '.join(get_args(Overwrite))}"
        )


def record_path(target: StoragePath) -> StoragePath:
    """Where the record of the video at ``target`` is."""
    return beside(target, ".json")


def read_record(target: StoragePath) -> Record | None:
    """The record beside ``target``; ``None`` if there is none.

    :raises DestinationError: not retryable, if another file has its name: nobody asked for that one to be replaced.
    """
    path = record_path(target)
    size = size_of(path)
    if size is None:
        return None
    record = parse_record(read_bytes(path)) if size <= MAX_RECORD else None
    # Its folder may have been moved since; the names of a video and its record belong together.
    if record is None or _name(record.uri) != _name(uri_of(target)):
        raise DestinationError(
            f"{uri_of(path)} is to be the video's sidecar, and is another file",
            kind=Kind.CONFIGURATION,
            advice="Choose another destination, such as one that ends in .mp4, or move that file away.",
        )
    return record


def parse_record(content: bytes | None) -> Record | None:
    """The record in a file's ``content``; ``None`` if it is something else."""
    try:
        fields = json.loads(content or b"")
        return (Sidecar if "sidecar_uri" in fields else Manifest).parse(fields)
    except (ValueError, TypeError, RecursionError, ConfigurationError):
        return None


def write_record(record: Record, target: StoragePath) -> None:
    """Put a record beside its video, in place of an earlier one.

    :raises DestinationError: if it cannot be written.
    """
    write_text(record_path(target), json.dumps(record.to_dict(), indent=2, ensure_ascii=False))


def check_replaceable(
    target: StoragePath,
    overwrite: Overwrite,
    generation: GenerationReference | None,
    content: tuple[int, str] | None = None,
    *,
    earlier_ids: Collection[str] = (),
) -> None:
    """Refuse to write where ``overwrite`` forbids it.

    :param generation: whose video is to be written; ``None`` for one that is yet to be paid for, which cannot have
        left anything there.
    :param content: size in bytes and sha256 of what is to be written, once they are known: without them a file without
        a record passes.
    :param earlier_ids: generations that this one takes the place of, by its user's own choice: theirs counts as own.
    :raises DestinationError: not retryable, naming whose file it is, or if another file has the name of its record.
    """
    record = read_record(target)
    if size_of(target) is None or overwrite == "always":
        return
    if overwrite == "never":
        raise _refusal(target, "exists, and overwrite is 'never'")
    if record is not None:
        if not _is_of(record, generation) and record.source.generation_id not in earlier_ids:
            raise _refusal(target, f"holds {_whose(record)}, and overwrite is 'own'")
    elif generation is None or (content and not has_content(target, *content)):
        raise _refusal(
            target,
            "is a file of unknown origin, as no record beside it says which generation it comes from, and overwrite"
            " is 'own'",
        )


def find_whole(target: StoragePath, generation: GenerationReference) -> Manifest | None:
    """The manifest of this generation's video at ``target``, if the file is there as its record says.

    :raises DestinationError: if that cannot be found out, or another file has the name of the record.
    """
    record = read_record(target)
    if (
        record is None
        or not _is_of(record, generation)
        or not has_content(target, record.bytes, record.sha256)
    ):
        return None
    manifest = record if isinstance(record, Manifest) else record.manifest
    return manifest.model_copy(update={"uri": uri_of(target)})


def put_in_place(
    temporary: Path,
    target: StoragePath,
    generation: GenerationReference,
    overwrite: Overwrite,
    content: tuple[int, str],
    *,
    earlier_ids: Collection[str] = (),
) -> str | None:
    """Give a whole video its final name; nothing is done if its bytes are there already and may stay.

    :param content: its size in bytes and its sha256.
    :returns: what was replaced, in words that the log has as well; ``None`` if nothing was.
    :raises DestinationError: as :func:`check_replaceable` does.
    """
    # Looked at again: another task may have put its video there while this one's bytes came.
    check_replaceable(target, overwrite, generation, content, earlier_ids=earlier_ids)
    if size_of(target) is None:
        commit(temporary, target)
        return None
    if overwrite == "own" and has_content(target, *content):
        return None
    record = read_record(target)
    replaced = "a file of unknown origin" if record is None else _whose(record)
    commit(temporary, target)
    log.info("Replaced %s, which held %s.", uri_of(target), replaced)
    return replaced


def _is_of(record: Record, generation: GenerationReference | None) -> bool:
    source = record.source
    return generation is not None and (source.vendor, source.generation_id) == (
        generation.vendor,
        generation.generation_id,
    )


def _whose(record: Record) -> str:
    return f"the video of {record.source.vendor} generation {record.source.generation_id}"


def _refusal(target: StoragePath, why: str) -> DestinationError:
    return DestinationError(f"{uri_of(target)} {why}", kind=Kind.CONFIGURATION, advice=_REMEDY)


def _name(uri: str) -> str:
    return uri.rpartition("/")[2]
