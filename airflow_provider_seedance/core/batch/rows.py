"""The rows of a batch: read from a list or a file, completed with defaults, and checked all at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from airflow_provider_seedance.core.batch.row_text import (
    GENERATION_ID,
    METADATA,
    decode_text,
    is_metadata,
    read_table,
    unknown_field,
)
from airflow_provider_seedance.core.catalog.problems import all_problems
from airflow_provider_seedance.core.literals import check_json, parse_literal
from airflow_provider_seedance.core.media.content import RequestMedia
from airflow_provider_seedance.core.redaction import MAX_TEXT, describe, redact, shorten
from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
from airflow_provider_seedance.core.storage.files import open_for_reading
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.errors import ConfigurationError, Kind, Problem, RequestInvalid, SeedanceError
from airflow_provider_seedance.models import GenerationRequest, parse_generation_id

#: How many problems an error's text names, and rows for each; ``problems`` of the error has all of them.
MAX_PROBLEMS_IN_MESSAGE, MAX_ROWS_OF_PROBLEM = 200, 5
#: What is wrong with one row.
RowProblems = Sequence[Problem | str]


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

    def with_changes(self, changes: Mapping[str, Any]) -> Row:
        """The row with changes of its request, which are no media.

        :raises RequestInvalid: naming every field whose value does not fit.
        """
        if not changes:
            return self
        parsed = GenerationRequest.parse(changes)
        request = self.request.model_copy(update={name: getattr(parsed, name) for name in changes})
        return replace(self, request=request, media=self.media and replace(self.media, request=request))


class RowsInvalid(SeedanceError):
    """Rows that cannot succeed, rejected before anything is paid.

    :param problems: all that is wrong with each rejected row, by the row's label.
    :param total: how many rows there are.
    """

    kind = Kind.VALIDATION

    def __init__(self, problems: Mapping[str, RowProblems], total: int, *, vendor: str | None = None) -> None:
        self.problems = {
            label: shorten(redact("; ".join(map(str, found))), MAX_TEXT) for label, found in problems.items()
        }
        lines = _lines(problems)
        named, more = lines[:MAX_PROBLEMS_IN_MESSAGE], len(lines) - MAX_PROBLEMS_IN_MESSAGE
        listed = "\n".join([*named, f"and {more} more"] if more > 0 else named)
        super().__init__(
            f"{len(problems)} of {total} rows are rejected, and nothing is paid:\n{listed}",
            vendor=vendor,
            advice="Correct these rows; repeating them unchanged cannot succeed.",
        )


def _lines(problems: Mapping[str, RowProblems]) -> list[str]:
    """A line for each problem, with the rows that have it: of a whole column, that is one line, by its name."""
    rows: dict[tuple[str, str], list[str]] = {}
    texts: dict[tuple[str, str], str] = {}
    for label, found in problems.items():
        for problem in found:
            key = (problem.field, problem.reason) if isinstance(problem, Problem) else ("", problem)
            rows.setdefault(key, []).append(label)
            texts.setdefault(key, shorten(redact(str(problem)), MAX_TEXT))
    columns = {key for key in rows if key[0] and key[1] == unknown_field(key[0])}
    return [
        f"column `{key[0]}`: {key[1]} ({_named(labels)})"
        if key in columns
        else f"{_named(labels)}: {texts[key]}"
        for key, labels in rows.items()
    ]


def _named(labels: Sequence[str]) -> str:
    more = len(labels) - MAX_ROWS_OF_PROBLEM
    return ", ".join(labels[:MAX_ROWS_OF_PROBLEM]) + (f" and {more} more" if more > 0 else "")


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
            return decode_text(file.read(), path)
    except SeedanceError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        reason = "there is no such file"
    except IsADirectoryError:
        reason = "it is a directory"
    except PermissionError:
        reason = "this user may not read it"
    except Exception as fault:
        raise ConfigurationError(
            f"requests={path!r} cannot be read: {type(fault).__name__}: {fault}"
        ) from fault
    raise ConfigurationError(
        f"requests={path!r} cannot be read: {reason}",
        advice="Give the path or URI of a .jsonl, .csv or .json file that each worker can open; for requests in the DAG"
        " file itself, give a list.",
    )


def rows_from_list(items: Iterable[Any]) -> list[RawRow]:
    """Rows from mappings of request fields; a text alone is a prompt."""
    return [_raw_row(number, item) for number, item in enumerate(items, 1)]


def rows_from_file(text: str, name: str) -> list[RawRow]:
    """Rows from the text of a ``.jsonl`` (``.ndjson``), ``.json`` or ``.csv`` file.

    CSV is divided by commas, semicolons, tabs or bars. Its first line names the request's fields; an empty cell is a
    field left out, a list is written as JSON,
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
    if isinstance(item, GenerationRequest):
        item = item.to_dict()
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
    table = read_table(text, name)
    return [
        _csv_row(number, line, table.names, cells) for number, (line, cells) in enumerate(table.records, 1)
    ]


def _csv_row(number: int, line: int, names: Sequence[str], cells: Sequence[str]) -> RawRow:
    fields: dict[str, Any] = {}
    for name, cell in zip_longest(names, cells, fillvalue=""):
        if not cell.strip():
            continue
        if not name:
            return RawRow(number, {}, line, "the line has more cells than the first line has names")
        if is_metadata(name):
            fields.setdefault(METADATA, {})[name.partition(".")[2]] = cell
        elif cell.strip().lower() != "nan":
            fields[name] = cell
    return RawRow(number, fields, line)


_READERS: dict[str, Callable[[str, str], list[RawRow]]] = {
    "jsonl": _read_jsonl,
    "ndjson": _read_jsonl,
    "json": _read_json,
    "csv": _read_csv,
}


def check_rows(
    raw_rows: Sequence[RawRow],
    defaults: Mapping[str, Any] | GenerationRequest | str | None,
    prepare: Callable[[GenerationRequest], object],
    *,
    vendor: str | None = None,
    read_media: Callable[[int, GenerationRequest], RequestMedia] = lambda row, request: RequestMedia(request),
) -> list[Row]:
    """The rows, each with the defaults for what it leaves out.

    :param defaults: request fields; or their text, if a template has rendered them.
    :param prepare: raises ``RequestInvalid`` for a request that the vendor does not take.
    :param read_media: names the files of a row's request, by its number, by their content, and raises
        ``RequestInvalid`` for those that the vendor does not take.
    :raises ConfigurationError: if the defaults are something else.
    :raises RowsInvalid: naming every row that is wrong, and all that is wrong with it.
    """
    fields = _parse_defaults(defaults)
    rows: list[Row] = []
    problems: dict[str, RowProblems] = {}
    for raw_row in raw_rows:
        if raw_row.error:
            problems[raw_row.label] = [raw_row.error]
            continue
        try:
            row = _row(raw_row, fields, prepare)
            media = read_media(row.number, row.request)
            prepare(media.request)
            rows.append(replace(row, request=media.request, media=media))
        except RequestInvalid as invalid:
            problems[raw_row.label] = invalid.problems
    if problems:
        raise RowsInvalid(problems, len(raw_rows), vendor=vendor)
    return rows


def _parse_defaults(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        given = _parse_literal(given, "defaults") if given.strip() else None
    if given is None:
        return {}
    if isinstance(given, GenerationRequest):
        given = given.to_dict()
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"defaults must be a dict of request fields, not {describe(given)}")
    return {str(name): value for name, value in given.items()}


def _row(raw_row: RawRow, defaults: Mapping[str, Any], prepare: Callable[[GenerationRequest], object]) -> Row:
    fields = {**defaults, **dict(_present_fields(raw_row.fields))}
    metadata = fields.pop(METADATA, None) or {}
    generation_id = fields.pop(GENERATION_ID, None)
    unknown = [
        Problem(name, fields.pop(name), unknown_field(name)) for name in set(fields) - {*REQUEST_FIELDS}
    ]
    try:
        request = GenerationRequest.parse(fields)
    except RequestInvalid as invalid:
        unknown += invalid.problems
    if unknown:
        raise RequestInvalid(all_problems(unknown, fields, prepare))
    return Row(
        raw_row.number,
        request,
        _json_object(metadata),
        parse_generation_id(generation_id) if generation_id else None,
    )


def _present_fields(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields that are not left out: neither null nor blank, nor what pandas has in their place."""
    for name, value in fields.items():
        if not _is_missing(value):
            yield name, value


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    not_a_number = isinstance(value, float) and value != value
    return value is None or not_a_number or type(value).__name__ in ("NAType", "NaTType")


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
