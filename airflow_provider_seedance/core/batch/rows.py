"""The rows of a batch: read from a list or a file, completed with defaults, and checked all at once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from airflow_provider_seedance.core.literals import check_json, parse_literal
from airflow_provider_seedance.core.media.content import RequestMedia
from airflow_provider_seedance.core.redaction import MAX_TEXT, describe, redact, shorten
from airflow_provider_seedance.core.storage.files import open_for_reading
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.errors import ConfigurationError, Kind, Problem, RequestInvalid, SeedanceError
from airflow_provider_seedance.models import GenerationRequest, parse_generation_id

#: The key, and the prefix of CSV columns, of the user's own data, which is handed on to the row's result.
METADATA = "metadata"
#: The key of the id of an existing generation, which the row adopts.
GENERATION_ID = "generation_id"
#: How many rejected rows an error's text names; ``problems`` of the error has all of them.
MAX_ROWS_IN_MESSAGE = 200


@dataclass(frozen=True)
class RawRow:
    """A row as the user gave it.

    :param number: counts the rows from 1.
    :param line: the line of the file on which it begins; ``None`` for a row of a list.
    :param error: why it cannot be read at all.
    """

    number: int
    fields: Mapping[str, Any]
    line: int | None = None
    error: str | None = None

    @property
    def label(self) -> str:
        """The row's name in messages."""
        return f"row {self.number}" if self.line is None else f"row {self.number} (line {self.line})"


@dataclass(frozen=True)
class Row:
    """A row that can be submitted.

    :param number: counts the rows from 1; part of the row's identity from try to try.
    :param metadata: the user's own data, as a JSON object.
    :param generation_id: of an existing generation, to be adopted instead of paying for one.
    :param media: the request's files, where it has some.
    """

    number: int
    request: GenerationRequest
    metadata: Mapping[str, Any] = field(default_factory=dict)
    generation_id: str | None = None
    media: RequestMedia | None = None


class RowsInvalid(SeedanceError):
    """Rows that cannot succeed, rejected before anything is paid.

    :param problems: all that is wrong with each rejected row, by the row's label.
    :param total: how many rows there are.
    """

    kind = Kind.VALIDATION

    def __init__(self, problems: Mapping[str, str], total: int, *, vendor: str | None = None) -> None:
        self.problems = {label: shorten(redact(problem), MAX_TEXT) for label, problem in problems.items()}
        named = [
            f"{label}: {problem}" for label, problem in list(self.problems.items())[:MAX_ROWS_IN_MESSAGE]
        ]
        more = len(problems) - len(named)
        listed = "\n".join([*named, f"and {more} more"] if more else named)
        super().__init__(
            f"{len(problems)} of {total} rows are rejected, and nothing is paid:\n{listed}\n",
            vendor=vendor,
            advice="Correct these rows; repeating them unchanged cannot succeed.",
        )


def read_rows(requests: Any, path_from_uri: PathFromUri) -> list[RawRow]:
    """The rows as the user gave them: a list, a list that a template turned into text, or a file.

    :param path_from_uri: opens a path or URI.
    :raises ConfigurationError: if it is none of these, or the file cannot be read.
    """
    if not isinstance(requests, str):
        if isinstance(requests, Mapping) or not isinstance(requests, Iterable):
            raise ConfigurationError(
                f"requests must be a list or the path of a file, not {describe(requests)}"
            )
        return rows_from_list(requests)
    text = requests.strip()
    if text in ("", "None"):
        raise ConfigurationError("requests is empty: a list, or the path of a file, is needed")
    if text.startswith("["):
        return rows_from_list(parse_list(text))
    return rows_from_file(_read_text(text, path_from_uri), text)


def _read_text(path: str, path_from_uri: PathFromUri) -> str:
    try:
        with open_for_reading(path_from_uri(path)) as file:
            return file.read().decode("utf-8-sig")
    except SeedanceError:
        raise
    except Exception as fault:
        raise ConfigurationError(
            f"requests={path!r} cannot be read: {type(fault).__name__}: {fault}"
        ) from fault


def rows_from_list(items: Iterable[Any]) -> list[RawRow]:
    """Rows from mappings of request fields; a text alone is a prompt."""
    return [_raw_row(number, item) for number, item in enumerate(items, 1)]


def rows_from_file(text: str, name: str) -> list[RawRow]:
    """Rows from the text of a ``.jsonl`` (``.ndjson``), ``.json`` or ``.csv`` file.

    In CSV the first line names the request's fields; an empty cell is a field left out, a list is written as JSON,
    and columns named ``metadata.<name>`` hold the user's own data.

    :param name: the file's, for its ending.
    :raises ConfigurationError: for another ending, or a file that is not what its ending says.
    """
    read = _READERS.get(name.rpartition(".")[2].lower())
    if read is None:
        raise ConfigurationError(
            f"requests={name!r} cannot be read: its name ends with none of .jsonl, .csv, .json"
        )
    return read(text, name)


def parse_list(text: str, name: str = "requests") -> list[Any]:
    """A list that is written as JSON, or as Python by a template.

    :raises ConfigurationError: if it is not one.
    """
    found = _parse_literal(text, name)
    if not isinstance(found, list):
        raise ConfigurationError(f"{name} holds {type(found).__name__}; a list of requests is needed")
    return found


def _parse_literal(text: str, name: str) -> Any:
    try:
        return parse_literal(text)
    except ValueError as fault:
        reason = str(fault)
    raise ConfigurationError(f"{name} is not JSON: {reason}")


def _raw_row(number: int, item: Any, line: int | None = None) -> RawRow:
    if isinstance(item, str):
        return RawRow(number, {"prompt": item}, line)
    if isinstance(item, Mapping):
        return RawRow(number, {str(name): value for name, value in item.items()}, line)
    return RawRow(number, {}, line, f"{describe(item)} is neither a prompt nor an object of request fields")


def _read_json(text: str, name: str) -> list[RawRow]:
    return rows_from_list(parse_list(text, name))


def _read_jsonl(text: str, name: str) -> list[RawRow]:
    raw_rows: list[RawRow] = []
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            raw_rows.append(_jsonl_row(len(raw_rows) + 1, line, content))
    return raw_rows


def _jsonl_row(number: int, line: int, content: str) -> RawRow:
    try:
        return _raw_row(number, json.loads(content), line)
    except (ValueError, RecursionError) as fault:
        return RawRow(number, {}, line, f"not JSON: {fault}")


def _read_csv(text: str, name: str) -> list[RawRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    try:
        first_line = 1
        for cells in reader:
            if cells:
                records.append((first_line, cells))
            first_line = reader.line_num + 1
    except csv.Error as fault:
        raise ConfigurationError(f"{name} is not CSV: line {reader.line_num}: {fault}") from fault
    if not text.strip():
        raise ConfigurationError(
            f"{name} is empty: it has no header line",
            advice="Find out why; a file that has only its header line is accepted, as a batch of no rows.",
        )
    (_, header), *rows = records
    names = _column_names(header, name)
    return [_csv_row(number, line, names, cells) for number, (line, cells) in enumerate(rows, 1)]


def _column_names(header: Sequence[str], file: str) -> list[str]:
    names = [name.strip() for name in header]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise ConfigurationError(f"{file} has several columns of the same name: {', '.join(repeated)}")
    if METADATA in names and any(map(_is_metadata, names)):
        raise ConfigurationError(
            f"{file} has a column {METADATA} and columns {METADATA}.<name>: use one or the other"
        )
    return names


def _csv_row(number: int, line: int, names: Sequence[str], cells: Sequence[str]) -> RawRow:
    fields: dict[str, Any] = {}
    for name, cell in zip_longest(names, cells, fillvalue=""):
        if not cell.strip():
            continue
        if not name:
            return RawRow(number, {}, line, "the line has more cells than the first line has names")
        if _is_metadata(name):
            fields.setdefault(METADATA, {})[name.partition(".")[2]] = cell
        else:
            fields[name] = cell
    return RawRow(number, fields, line)


def _is_metadata(name: str) -> bool:
    return name.startswith(f"{METADATA}.")


_READERS: dict[str, Callable[[str, str], list[RawRow]]] = {
    "jsonl": _read_jsonl,
    "ndjson": _read_jsonl,
    "json": _read_json,
    "csv": _read_csv,
}


def check_rows(
    raw_rows: Sequence[RawRow],
    defaults: Mapping[str, Any] | str | None,
    prepare: Callable[[GenerationRequest], object],
    *,
    vendor: str | None = None,
    read_media: Callable[[GenerationRequest], RequestMedia] = RequestMedia,
) -> list[Row]:
    """The rows, each with the defaults for what it leaves out.

    :param defaults: request fields; or their text, if a template has rendered them.
    :param prepare: raises ``RequestInvalid`` for a request that the vendor does not take.
    :param read_media: names a request's files by their content, and raises ``RequestInvalid`` for those that the
        vendor does not take.
    :raises ConfigurationError: if the defaults are something else.
    :raises RowsInvalid: naming every row that is wrong, and all that is wrong with it.
    """
    fields = _parse_defaults(defaults)
    rows: list[Row] = []
    problems: dict[str, str] = {}
    for raw_row in raw_rows:
        if raw_row.error:
            problems[raw_row.label] = raw_row.error
            continue
        try:
            row = _row(raw_row, fields)
            media = read_media(row.request)
            prepare(media.request)
            rows.append(replace(row, request=media.request, media=media))
        except RequestInvalid as invalid:
            problems[raw_row.label] = "; ".join(str(problem) for problem in invalid.problems)
    if problems:
        raise RowsInvalid(problems, len(raw_rows), vendor=vendor)
    return rows


def _parse_defaults(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        given = _parse_literal(given, "defaults") if given.strip() else None
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"defaults must be a dict of request fields, not {describe(given)}")
    return {str(name): value for name, value in given.items()}


def _row(raw_row: RawRow, defaults: Mapping[str, Any]) -> Row:
    fields = {**defaults, **dict(_present_fields(raw_row.fields))}
    metadata = fields.pop(METADATA, None) or {}
    generation_id = fields.pop(GENERATION_ID, None)
    return Row(
        raw_row.number,
        GenerationRequest.parse(fields),
        _json_object(metadata),
        parse_generation_id(generation_id) if generation_id else None,
    )


def _present_fields(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields that are not left out: neither null nor blank."""
    for name, value in fields.items():
        if value is not None and not (isinstance(value, str) and not value.strip()):
            yield name, value


def _json_object(metadata: Any) -> dict[str, Any]:
    try:
        found = parse_literal(metadata) if isinstance(metadata, str) else metadata
        check_json(found)
    except ValueError as fault:
        raise RequestInvalid([Problem(METADATA, metadata, str(fault))]) from None
    if not isinstance(found, Mapping):
        raise RequestInvalid([Problem(METADATA, metadata, "the value must be a JSON object")])
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain
