"""The rows of a batch: read from a list or a file, completed with the defaults, and checked all at once."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from airflow_provider_seedance.errors import ConfigurationError, Kind, Problem, RequestInvalid, SeedanceError
from airflow_provider_seedance.models import GenerationRequest

#: The key, and the prefix of a CSV column, of what is the user's own and goes into the result.
METADATA = "metadata"
#: The key of an existing generation's id.
GENERATION_ID = "generation_id"
#: Bad rows that an error's text names; ``problems`` of the error has them all.
NAMED = 200


@dataclass(frozen=True)
class Draft:
    """A row as it was given.

    :param number: counts the rows from 1.
    :param line: of the file, on which it begins; ``None`` for a row of a list.
    :param fault: why it cannot be read at all.
    """

    number: int
    fields: Mapping[str, Any]
    line: int | None = None
    fault: str | None = None

    @property
    def place(self) -> str:
        return f"row {self.number}" if self.line is None else f"row {self.number} (line {self.line})"


@dataclass(frozen=True)
class Row:
    """A row that can be submitted.

    :param number: counts the rows from 1; part of the row's identity from try to try.
    :param metadata: the user's own, as JSON.
    :param generation_id: of an existing generation, to be adopted instead of paying for one.
    """

    number: int
    request: GenerationRequest
    metadata: Mapping[str, Any] = field(default_factory=dict)
    generation_id: str | None = None


class RowsInvalid(SeedanceError):
    """Rows that cannot succeed, refused before anything is paid.

    :param problems: what is wrong, by the place of the row: all rows, and all of each.
    """

    kind = Kind.VALIDATION

    def __init__(self, problems: Mapping[str, str], of: int, *, vendor: str | None = None) -> None:
        self.problems = dict(problems)
        named = [f"{place}: {what}" for place, what in list(problems.items())[:NAMED]]
        more = len(problems) - len(named)
        listed = "\n".join([*named, f"and {more} more"] if more else named)
        super().__init__(
            f"{len(problems)} of {of} rows are refused, and nothing is paid:\n{listed}\n",
            vendor=vendor,
            advice="Correct these rows; repeating them unchanged cannot succeed.",
        )


def rows_in_list(items: Iterable[Any]) -> list[Draft]:
    """Rows from mappings of request fields; a text alone is a prompt."""
    return [_draft(number, item) for number, item in enumerate(items, 1)]


def rows_in_file(text: str, name: str) -> list[Draft]:
    """Rows from the text of a ``.jsonl`` (``.ndjson``), ``.json`` or ``.csv`` file.

    In CSV the first line names the request's fields; an empty cell is a field left out, a list is written as JSON,
    and columns named ``metadata.<name>`` are the user's own.

    :param name: the file's, for its ending.
    :raises ConfigurationError: for another ending, or a file that is not what its ending says.
    """
    read = _READERS.get(name.rpartition(".")[2].lower())
    if read is None:
        raise ConfigurationError(
            f"requests={name!r} cannot be read: its name ends with none of .jsonl, .csv, .json"
        )
    return read(text, name)


def rows_in_text(text: str, name: str = "requests") -> list[Any]:
    """A list that is written as JSON, or as Python by a template. :raises ConfigurationError: if it is not one."""
    found = _literal(text, name)
    if not isinstance(found, list):
        raise ConfigurationError(f"{name} holds {type(found).__name__}; a list of requests is needed")
    return found


def _literal(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as fault:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise ConfigurationError(f"{name} is not JSON: {fault}") from fault


def _draft(number: int, item: Any, line: int | None = None) -> Draft:
    if isinstance(item, str):
        return Draft(number, {"prompt": item}, line)
    if isinstance(item, Mapping):
        return Draft(number, {str(name): value for name, value in item.items()}, line)
    return Draft(number, {}, line, f"{item!r} is neither a prompt nor an object of request fields")


def _json(text: str, name: str) -> list[Draft]:
    return rows_in_list(rows_in_text(text, name))


def _jsonl(text: str, name: str) -> list[Draft]:
    drafts: list[Draft] = []
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            drafts.append(_json_line(len(drafts) + 1, line, content))
    return drafts


def _json_line(number: int, line: int, content: str) -> Draft:
    try:
        return _draft(number, json.loads(content), line)
    except ValueError as fault:
        return Draft(number, {}, line, f"not JSON: {fault}")


def _csv(text: str, name: str) -> list[Draft]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    try:
        begins = 1
        for cells in reader:
            if cells:
                records.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as fault:
        raise ConfigurationError(f"{name} is not CSV: line {reader.line_num}: {fault}") from fault
    if not text.strip():
        raise ConfigurationError(
            f"{name} is empty: not even a header",
            advice="Find out why; a file with its first line alone has no rows, and is no fault.",
        )
    (_, header), *rows = records
    names = _names(header, name)
    return [_cells(number, line, names, cells) for number, (line, cells) in enumerate(rows, 1)]


def _names(header: Sequence[str], file: str) -> list[str]:
    names = [name.strip() for name in header]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise ConfigurationError(f"{file} has several columns of the same name: {', '.join(repeated)}")
    if METADATA in names and any(map(_is_metadata, names)):
        raise ConfigurationError(
            f"{file} has a column {METADATA} and columns {METADATA}.<name>: one way or the other is needed"
        )
    return names


def _cells(number: int, line: int, names: Sequence[str], cells: Sequence[str]) -> Draft:
    fields: dict[str, Any] = {}
    for name, cell in zip_longest(names, cells, fillvalue=""):
        if not cell.strip():
            continue
        if not name:
            return Draft(number, {}, line, "it has more cells than the first line has names")
        if _is_metadata(name):
            fields.setdefault(METADATA, {})[name.partition(".")[2]] = cell
        else:
            fields[name] = cell
    return Draft(number, fields, line)


def _is_metadata(name: str) -> bool:
    return name.startswith(f"{METADATA}.")


_READERS: dict[str, Callable[[str, str], list[Draft]]] = {
    "jsonl": _jsonl,
    "ndjson": _jsonl,
    "json": _json,
    "csv": _csv,
}


def checked(
    drafts: Sequence[Draft],
    defaults: Mapping[str, Any] | str | None,
    prepare: Callable[[GenerationRequest], object],
    *,
    vendor: str | None = None,
) -> list[Row]:
    """The rows, each with the defaults for what it leaves out.

    :param defaults: request fields, or these as text, in which a template may have rendered them.
    :param prepare: refuses what the vendor does not take.
    :raises ConfigurationError: if the defaults are something else.
    :raises RowsInvalid: naming every row that is wrong, and all that is wrong with it.
    """
    fields = _defaults(defaults)
    rows: list[Row] = []
    problems: dict[str, str] = {}
    for draft in drafts:
        if draft.fault:
            problems[draft.place] = draft.fault
            continue
        try:
            row = _row(draft, fields)
            prepare(row.request)
            rows.append(row)
        except RequestInvalid as refused:
            problems[draft.place] = "; ".join(str(problem) for problem in refused.problems)
    if problems:
        raise RowsInvalid(problems, len(drafts), vendor=vendor)
    return rows


def _defaults(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        given = _literal(given, "defaults") if given.strip() else None
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"defaults must be a dict of request fields, not {given!r}")
    return {str(name): value for name, value in given.items()}


def _row(draft: Draft, defaults: Mapping[str, Any]) -> Row:
    fields = {**defaults, **dict(_given(draft.fields))}
    metadata = fields.pop(METADATA, None) or {}
    adopted = fields.pop(GENERATION_ID, None)
    return Row(
        draft.number,
        GenerationRequest.parse(fields),
        _json_object(metadata),
        str(adopted).strip() if adopted else None,
    )


def _given(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is not left out: neither null nor blank."""
    for name, value in fields.items():
        if value is not None and not (isinstance(value, str) and not value.strip()):
            yield name, value


def _json_object(metadata: Any) -> dict[str, Any]:
    try:
        found = json.loads(metadata if isinstance(metadata, str) else json.dumps(metadata, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as fault:
        raise RequestInvalid([Problem(METADATA, metadata, f"JSON cannot hold it: {fault}")]) from fault
    if not isinstance(found, dict):
        raise RequestInvalid([Problem(METADATA, metadata, "it must be an object")])
    return found
