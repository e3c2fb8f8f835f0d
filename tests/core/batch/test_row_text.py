"""Files as spreadsheets write them: encodings, delimiters, columns without a name."""

from __future__ import annotations

import codecs

import pytest

from airflow_provider_seedance.core.batch.row_text import decode_text, read_table
from airflow_provider_seedance.core.batch.rows import rows_from_file
from airflow_provider_seedance.errors import ConfigurationError

TEXT = "prompt,metadata.sku\nЛиса, 狐狸,17\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_is_marked_is_read(encoding: str) -> None:
    """And UTF-8 needs no mark."""
    assert decode_text(TEXT.encode(encoding), "rows.csv") == TEXT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prompt\nKätzchen\n".encode("cp1252"), "rows.csv is not UTF-8 text: line 2 has the byte 0xe4"),
        ("prompt\n小猫在跑步\n".encode("gbk"), "is not UTF-8 text: line 2 has the byte 0x"),
        ("prompt\nA cat\n".encode("utf-16-le"), "it has zero bytes, as UTF-16 without its mark"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8", "is not UTF-16 text"),
    ],
)
def test_any_other_encoding_is_told(content: bytes, said: str) -> None:
    """With what to save the file as."""
    with pytest.raises(ConfigurationError, match=said) as refused:
        decode_text(content, "rows.csv")
    assert refused.value.advice == "Save the file as UTF-8; Excel calls that CSV UTF-8."


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    """By the header: a prompt may hold any of them."""
    cells = [["prompt", "seed", "metadata.a"], ['"A fox, a hare; a cat|s"', "7", "x"]]
    text = "\r\n".join(delimiter.join(line) for line in cells)
    (row,) = rows_from_file(text, "rows.csv")
    assert row.fields == {"prompt": "A fox, a hare; a cat|s", "seed": "7", "metadata": {"a": "x"}}


def test_excel_names_the_delimiter() -> None:
    """In a line of its own, which is counted."""
    table = read_table("sep=;\r\nprompt;seed\r\nA fox;7\r\n", "rows.csv")
    assert (table.names, table.records) == (["prompt", "seed"], [(3, ["A fox", "7"])])


@pytest.mark.parametrize("text", [",prompt\n0,A fox\n1,A hare\n", "prompt,,seed\nA fox,x,7\n"])
def test_a_column_without_a_name(text: str) -> None:
    """Of an index, mostly: told once for the file."""
    with pytest.raises(ConfigurationError, match=r"(?s)rows.csv: column \d has no name.*index=False"):
        read_table(text, "rows.csv")
