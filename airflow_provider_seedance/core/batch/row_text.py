"""The text of a file of rows: its encoding, and for CSV its delimiter and columns.

Each is found out, or refused with a remedy.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
from airflow_provider_seedance.core.suggestions import did_you_mean
from airflow_provider_seedance.errors import ConfigurationError

#: The key, and the prefix of CSV columns, of the user's own data, which is handed on to the row's result.
METADATA = "metadata"
#: The key of the id of an existing generation, which the row adopts.
GENERATION_ID = "generation_id"
#: What a row may hold.
FIELDS = (*REQUEST_FIELDS, METADATA, GENERATION_ID)

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAVE = "Save the file as UTF-8; Excel calls that CSV UTF-8."


def decode_text(content: bytes, name: str) -> str:
    """The text of a file in UTF-8, or in what the mark at its beginning says.

    :param name: the file's, for errors.
    :raises ConfigurationError: for any other encoding.
    """
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as fault:
        line, byte = content.count(b"\n", 0, fault.start) + 1, content[fault.start]
        reason = f"{name} is not {encoding.upper()} text: line {line} has the byte 0x{byte:02x}"
    else:
        if "\0" not in text[:1000]:
            return text
        reason = f"{name} is not UTF-8 text: it has zero bytes, as UTF-16 without its mark has"
    raise ConfigurationError(reason, advice=_SAVE)


@dataclass(frozen=True)
class Table:
    """A CSV file.

    :param names: of the columns.
    :param records: for each row, the line on which it begins, and its cells.
    """

    names: Sequence[str]
    records: Sequence[tuple[int, Sequence[str]]]


def read_table(text: str, name: str) -> Table:
    """The columns and rows of a CSV file whose cells are divided by a comma, a semicolon, a tab or a bar.

    :param name: the file's, for errors.
    :raises ConfigurationError: if it is empty, not CSV, or has columns that cannot be told apart.
    """
    delimiter, text = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
    names = [column.strip() for column in header]
    _check_names(names, [cells for _, cells in rows], name)
    return Table(names, rows)


def _delimiter(text: str) -> tuple[str, str]:
    """The delimiter, and the text without the line in which Excel names it."""
    if named := re.match(r"sep=([,;|\t])(?=\r?\n)", text):
        return named[1], text[named.end() :]
    header = text.lstrip("\r\n").partition("\n")[0]
    known = {each: sum(map(_is_known, header.split(each))) for each in _DELIMITERS}
    return max(known, key=known.__getitem__), text


def _is_known(column: str) -> bool:
    column = column.strip().strip('"').strip()
    return column in FIELDS or is_metadata(column)


def _check_names(names: Sequence[str], rows: Sequence[Sequence[str]], file: str) -> None:
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise ConfigurationError(f"{file} has several columns of the same name: {', '.join(repeated)}")
    if METADATA in names and any(map(is_metadata, names)):
        raise ConfigurationError(
            f"{file} has a column {METADATA} and columns {METADATA}.<name>: use one or the other"
        )
    for place, name in enumerate(names):
        if (
            not name
            and any(names[place:])
            and any(cells[place].strip() for cells in rows if len(cells) > place)
        ):
            raise ConfigurationError(
                f"{file}: column {place + 1} has no name",
                advice=f"Name it {METADATA}.<name>, or write the file without it (pandas: index=False).",
            )


def is_metadata(name: str) -> bool:
    """Whether a column of this name holds the user's own data."""
    return name.startswith(f"{METADATA}.")


def unknown_field(name: str) -> str:
    """Why a row cannot have a field of this name, and what to do with it."""
    if re.fullmatch(r"Unnamed: \d+", name):
        return "is an index column; write the file without it (pandas: index=False)"
    return f"is no field of a request; {did_you_mean(name, FIELDS)}name it {METADATA}.{name} to keep it for the results"
