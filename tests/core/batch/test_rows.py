"""Rows: what can be written, and what is said about what cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.rows import (
    Row,
    RowsInvalid,
    check_rows,
    parse_list,
    read_rows,
    rows_from_file,
    rows_from_list,
)
from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.models import GenerationRequest

CATALOG = Catalog.load("modelark", "ap-southeast")


def rows(raw_rows: Any, **defaults: Any) -> list[Row]:
    return check_rows(raw_rows, defaults, CATALOG.prepare, vendor="modelark")


def test_a_list_may_hold_requests_and_prompts() -> None:
    """Defaults fill what a row leaves out, and a null or blank is left out."""
    found = rows(
        rows_from_list(["A fox", {"prompt": "A hare", "duration": 8, "seed": None, "resolution": " "}]),
        duration=4,
        resolution="480p",
    )
    assert [
        (row.number, row.request.prompt, row.request.duration, row.request.resolution) for row in found
    ] == [
        (1, "A fox", 4, "480p"),
        (2, "A hare", 8, "480p"),
    ]


def test_a_list_may_hold_typed_requests() -> None:
    """What one leaves out is as the defaults say, which may be a request too."""
    given = [GenerationRequest(prompt="A fox", duration=8), GenerationRequest(prompt="A hare", seed=None)]
    defaults: Any = GenerationRequest(duration=4, model="seedance-2.0-fast")
    found = check_rows(rows_from_list(given), defaults, CATALOG.prepare)
    assert [(row.request.model, row.request.duration) for row in found] == [
        ("seedance-2.0-fast", 8),
        ("seedance-2.0-fast", 4),
    ]


def test_a_list_may_come_as_text() -> None:
    """A template renders an XCom as Python or as JSON."""
    assert parse_list("[{'prompt': 'A fox'}]") == parse_list('[{"prompt": "A fox"}]')


def test_csv_cells_become_what_the_field_is() -> None:
    """Numbers, booleans, lists as JSON; empty cells are left out; ``metadata.`` columns are the user's own."""
    text = (
        "prompt,duration,generate_audio,reference_images,metadata.sku\r\n"
        '"A fox, and\na hare",5,false,"[""https://x.test/a.png""]",17\r\n'
        "A cat,,,,\r\n"
    )
    fox, cat = rows(rows_from_file(text, "s3://bucket/rows.csv"))
    assert fox.request == GenerationRequest(
        prompt="A fox, and\na hare",
        duration=5,
        generate_audio=False,
        reference_images=("https://x.test/a.png",),
    )
    assert (fox.metadata, cat.metadata) == ({"sku": "17"}, {})
    assert cat.request == GenerationRequest(prompt="A cat")


def test_json_lines_may_be_none() -> None:
    """Some days there is nothing to do."""
    assert rows_from_file("\n", "rows.jsonl") == []


def test_a_generations_id_is_not_a_field_of_its_request() -> None:
    """It says that there is nothing to pay for."""
    (row,) = check_rows(rows_from_list([{"prompt": "A fox", "generation_id": " cgt-1 "}]), {}, lambda _: None)
    assert row.generation_id == "cgt-1"


def test_json_lines_may_have_blank_lines_between() -> None:
    """Rows are counted, lines are named."""
    raw_rows = rows_from_file('{"prompt": "A fox", "metadata": {"a": [1]}}\n\n"A hare"\n', "rows.jsonl")
    assert [(raw_row.number, raw_row.line) for raw_row in raw_rows] == [(1, 1), (2, 3)]
    assert rows(raw_rows)[0].metadata == {"a": [1]}


def test_equal_rows_stay_apart() -> None:
    """Two of the same are two videos."""
    assert [row.number for row in rows(rows_from_list(["A fox", "A fox"]))] == [1, 2]


def test_all_bad_rows_are_reported_at_once() -> None:
    """With number and line, and with all that is wrong with each."""
    lines = [
        '{"prompt": "A fox", "duration": 99, "resolution": "9k"}',
        '"A hare"',
        "{nonsense",
        "[1]",
        '{"colour": "red"}',
    ]
    with pytest.raises(RowsInvalid) as refused:
        rows(rows_from_file("\n".join(lines), "rows.jsonl"))
    problems = refused.value.problems
    assert list(problems) == ["row 1 (line 1)", "row 3 (line 3)", "row 4 (line 4)", "row 5 (line 5)"]
    assert all(field in problems["row 1 (line 1)"] for field in ("duration=99", "resolution='9k'"))
    assert "not JSON" in problems["row 3 (line 3)"]
    assert "neither a prompt nor an object" in problems["row 4 (line 4)"]
    assert "colour" in problems["row 5 (line 5)"]
    assert str(refused.value).startswith(
        "modelark: 4 of 5 rows are rejected, and nothing is paid:\nrow 1 (line 1): "
    )
    assert not refused.value.retryable


def test_a_csv_row_with_too_many_cells_is_named() -> None:
    """A comma too many must not shift what is paid for."""
    with pytest.raises(RowsInvalid, match=r"row 2 \(line 3\).*more cells"):
        rows(rows_from_file("prompt,duration\nA fox,5\nA hare,5,5\n", "rows.csv"))


def test_empty_cells_at_the_end_are_no_cells() -> None:
    """Spreadsheets write them, in the first line too."""
    assert [
        row.request.seed for row in rows(rows_from_file("prompt,seed,,\nA,7,,\nB,8,,,\n", "rows.csv"))
    ] == [
        7,
        8,
    ]


def test_names_may_stand_apart_from_the_commas() -> None:
    """Of fields, and of what is the user's own."""
    (row,) = rows(rows_from_file(" prompt , metadata.sku \nA fox,17\n", "rows.csv"))
    assert (row.request.prompt, row.metadata) == ("A fox", {"sku": "17"})


def test_a_csv_row_is_where_it_begins() -> None:
    """A cell may have many lines, and there may be blank lines between rows."""
    raw_rows = rows_from_file('prompt,seed\n"A fox\nruns",1\n\n"A\nhare",2\nA cat,3\n', "rows.csv")
    assert [(raw_row.number, raw_row.line) for raw_row in raw_rows] == [(1, 2), (2, 5), (3, 7)]


def test_what_cannot_be_read_is_refused_by_its_label_alone() -> None:
    """There is no field to blame."""
    with pytest.raises(RowsInvalid) as refused:
        rows(rows_from_list([5]))
    assert refused.value.problems == {"row 1": "5 is neither a prompt nor an object of request fields"}


@pytest.mark.parametrize("defaults", ["{'duration': 4}", '{"duration": 4}', {"duration": 4}])
def test_defaults_may_come_as_text(defaults: Any) -> None:
    """A template renders them as Python or as JSON."""
    (row,) = check_rows(rows_from_list(["A fox"]), defaults, CATALOG.prepare)
    assert row.request.duration == 4


@pytest.mark.parametrize("defaults", [None, "", "None", "null", {}])
def test_there_may_be_no_defaults(defaults: Any) -> None:
    """However that is written."""
    (row,) = check_rows(rows_from_list(["A fox"]), defaults, CATALOG.prepare)
    assert row.request == GenerationRequest(prompt="A fox")


@pytest.mark.parametrize("defaults", [["duration"], "['duration']", "duration=4", 4])
def test_defaults_that_are_no_fields_are_refused(defaults: Any) -> None:
    """Once, and not as a fault of each row."""
    with pytest.raises(ConfigurationError, match="defaults"):
        check_rows(rows_from_list(["A fox"]), defaults, CATALOG.prepare)


def test_metadata_must_be_an_object() -> None:
    """It becomes JSON in the results."""
    with pytest.raises(RowsInvalid, match="metadata"):
        rows(rows_from_list([{"prompt": "A fox", "metadata": "[1]"}]))


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("", "rows.xlsx", "ends with none of .jsonl, .csv, .json"),
        ("{}", "rows.json", "holds dict"),
        ("[", "rows.json", "is not JSON"),
        ('prompt\n"A fox', "rows.csv", "is not CSV"),
        ("prompt,seed, prompt,seed\nA fox,7,A hare,8\n", "rows.csv", "same name: prompt, seed"),
        ("prompt,metadata,metadata.sku\nA fox,hello,7\n", "rows.csv", "use one or the other"),
        ("", "rows.csv", "is empty: it has no header line"),
        ("\n \n", "rows.csv", "is empty"),
        ("\n", "rows.json", "is not JSON"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(text: str, name: str, why: str) -> None:
    """Before any row is looked at."""
    with pytest.raises(ConfigurationError, match=why):
        rows_from_file(text, name)


@pytest.mark.parametrize(("text", "name"), [("prompt,seed\n", "rows.csv"), ("[]", "rows.json")])
def test_a_file_may_say_that_there_are_no_rows(text: str, name: str) -> None:
    """Some days there is nothing to do."""
    assert rows_from_file(text, name) == []


def test_a_problem_of_many_rows_is_told_once() -> None:
    """With the first of them; the error itself has them all."""
    with pytest.raises(RowsInvalid) as refused:
        rows(rows_from_list([{"duration": 99, "prompt": "A fox", "id": str(n)} for n in range(250)]))
    assert len(refused.value.problems) == 250
    assert str(refused.value).split("\n") == [
        "modelark: 250 of 250 rows are rejected, and nothing is paid:",
        "column `id`: is no field of a request; name it metadata.id to keep it for the results (row 1, row 2, row 3,"
        " row 4, row 5 and 245 more)",
        "row 1, row 2, row 3, row 4, row 5 and 245 more: duration=99: allowed: 4 to 15 or -1.",
        "Correct these rows; repeating them unchanged cannot succeed.",
    ]


def test_a_long_list_of_problems_is_cut_in_the_text_only() -> None:
    with pytest.raises(RowsInvalid, match="and 50 more") as refused:
        rows(rows_from_list(range(250)))
    assert len(refused.value.problems) == 250


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("id", "name it metadata.id to keep it for the results"),
        ("Prompt", "did you mean 'prompt'?"),
        ("ratio", "did you mean 'aspect_ratio'?"),
        ("promt", "did you mean 'prompt'?"),
        ("Unnamed: 0", "is an index column; write the file without it (pandas: index=False)"),
    ],
)
def test_a_column_that_is_no_field(name: str, said: str) -> None:
    """What was meant, or where the user's own data go."""
    with pytest.raises(RowsInvalid) as refused:
        rows(rows_from_file(f"prompt,seed,{name}\nA fox,7,1\nA hare,8,2\n", "rows.csv"))
    [_, line, _] = str(refused.value).split("\n")
    assert line.startswith(f"column `{name}`: ")
    assert line.rstrip(".").endswith("(row 1 (line 2), row 2 (line 3))")
    assert said in line


@pytest.mark.parametrize("missing", [float("nan"), None, "", "  "])
def test_what_is_missing_is_left_out(missing: Any) -> None:
    """However a data frame writes it."""
    (row,) = rows(rows_from_list([{"prompt": "A fox", "seed": missing, "resolution": missing}]))
    assert row.request == GenerationRequest(prompt="A fox")


def test_a_missing_cell_is_never_a_prompt() -> None:
    """``nan`` as text comes from a data frame too."""
    with pytest.raises(RowsInvalid, match="prompt=None: is needed"):
        rows(rows_from_file("prompt,seed\nNaN,7\n", "rows.csv"))


@pytest.mark.parametrize("divider", [" ", ",", "; ", "|", "\n"])
@pytest.mark.parametrize("field", ["reference_images", "first_frame"])
def test_two_links_in_one_cell(field: str, divider: str) -> None:
    """They must not go out as one."""
    links = f"https://x.test/a.png{divider}https://x.test/b.png?sig=TOPSECRET"
    with pytest.raises(
        RowsInvalid, match="several links; several are given as a list, in a file as a JSON list"
    ) as refused:
        rows(rows_from_list([{"prompt": "A fox", field: links}]))
    assert "TOPSECRET" not in str(refused.value)


def test_settings_in_the_prompt_of_a_row() -> None:
    """They are refused as everywhere, for the model that the row or the defaults name."""
    with pytest.raises(RowsInvalid, match=r"row 2: prompt='--dur 12': .* use the parameter duration"):
        rows(rows_from_list(["A fox", "A hare --dur 12"]), model="seedance-1.5-pro")


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"durration": 5, "resolution": "9p"}, ["durration", "resolution"]),
        ({"duration": "five", "service_tier": "fast"}, ["duration", "service_tier"]),
        ({"seed": "x", "colour": "red", "duration": 99}, ["colour", "duration", "seed"]),
    ],
)
def test_all_that_is_wrong_with_a_row_is_told(row: dict[str, Any], fields: list[str]) -> None:
    """What is no field, what cannot be read and what the vendor does not take."""
    with pytest.raises(RowsInvalid) as refused:
        rows(rows_from_list([{"prompt": "A fox", **row}]))
    (problems,) = refused.value.problems.values()
    assert sorted(problem.partition("=")[0] for problem in problems.split("; ") if "=" in problem) == fields


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "it is a directory"),
        (lambda path: path.parent.joinpath("a").write_text(""), "there is no such file"),
    ],
)
def test_a_file_that_is_not_there(tmp_path: Path, make: Any, said: str) -> None:
    """The path is named, and what to do."""
    make(tmp_path / "rows.csv")
    name = "a/rows.csv" if (tmp_path / "a").exists() else "rows.csv"
    with pytest.raises(
        ConfigurationError, match=f"(?s)rows.csv' cannot be read: {said}.*Give the path or URI"
    ):
        read_rows(str(tmp_path / name), Path)
