"""What benchmarks found, shown."""

from __future__ import annotations

import pytest

from benchmarks.report import Report, Row, Table, markdown, ratio, run, summary

REACHED = Row("looks", "8", "16", "0.5", "≤ 8", True)
MISSED = Row("lag", "4 s", "5 s", "0.8", "≤ 3 s", False)


def test_a_table_lines_up_in_a_terminal() -> None:
    """Markdown that nobody has to render to read."""
    drawn = markdown(Table("", ("side", "CPU"), [("ours", "1 %"), ("the others", "71.4 %")]))
    assert drawn == (
        "| side       | CPU    |\n|------------|--------|\n| ours       | 1 %    |\n| the others | 71.4 % |\n"
    )


def test_a_title_stands_above_its_table() -> None:
    """With the empty line that Markdown needs."""
    assert markdown(Table("CPU of one core.", ("a",), [("b",)])).startswith("CPU of one core.\n\n| a |\n")


def test_what_was_missed_catches_the_eye() -> None:
    """A reader looks for it."""
    assert [line[-1] for line in summary([REACHED, MISSED]).lines] == ["yes", "NO"]


@pytest.mark.parametrize(("rows", "code"), [([REACHED], 0), ([REACHED, MISSED], 1)])
def test_the_exit_code_says_whether_all_was_reached(rows: list[Row], code: int) -> None:
    """For those who run one benchmark alone."""
    assert run(lambda: Report(rows)) == code


@pytest.mark.parametrize(("ours", "theirs", "shown"), [(1, 3, "0.33"), (2.0, 200.0, "0.01"), (9, 8, "1.1")])
def test_a_ratio_has_two_digits_that_count(ours: float, theirs: float, shown: str) -> None:
    """More would claim more than a run can know."""
    assert ratio(ours, theirs) == shown
