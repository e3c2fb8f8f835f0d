"""Numbers that JSON has no word for, which Airflow can store nowhere, told by the place where they stand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.runtime.exceptions import final_class

#: Levels of lists and dicts that are looked through.
_DEEPEST = 20


class FiniteFieldsMixin(BaseOperator):
    """Refuses NaN and infinity in template fields, when the DAG is parsed or as soon as they are rendered.

    Airflow stores these fields as JSON before a task runs, and fails there without a word about the place.
    """

    def __setattr__(self, key: str, value: Any) -> None:
        if key in type(self).template_fields:
            check_finite(key, value)
        super().__setattr__(key, value)


def check_finite(name: str, value: Any) -> None:
    """Check that a value holds no NaN and no infinity, however deep in lists and dicts.

    :raises ValueError: naming the first place; a task that it ends is not tried again.
    """
    for place, number in _not_finite(name, value, _DEEPEST):
        raise final_class(ValueError)(
            f"{place} is {number}, which JSON cannot hold. Leave it out where there is no value (a table of pandas has"
            " NaN there), or give a number."
        )


def _not_finite(place: str, value: Any, levels: int) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        if not math.isfinite(value):
            yield place, value
    elif levels and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _not_finite(f"{place}[{key!r}]", item, levels - 1)
    elif levels and isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _not_finite(f"{place}[{number}]", item, levels - 1)
