"""Settings that are written into a prompt in Ark's old syntax, such as ``A cat --rs 1080p --dur 12``.

Where the vendor reads them, they would go past ``max_cost``, the estimate and the limits of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from airflow_provider_seedance.core.redaction import shorten
from airflow_provider_seedance.errors import Problem

# A flag stands by itself (it follows no letter), or its value tells it from a dash in prose.
_FLAG = re.compile(
    r"(?<!-)--\s?(?P<name>[a-z]+(?:[_-][a-z]+)?)(?:[\s=:]{1,5}(?P<word>\S{1,40}))?", re.IGNORECASE
)
_VALUE = re.compile(r"[-+]?\d[\w:.]*|true|false|adaptive|keep_ratio", re.IGNORECASE)


def flags_in(prompt: str, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each flag of ``names`` in the prompt: as it stands there, and the parameter to use instead."""
    for flag in _FLAG.finditer(prompt):
        parameter = names.get(re.sub("[_-]", "", flag["name"]).lower())
        by_itself = flag.start() == 0 or not prompt[flag.start() - 1].isalnum()
        if parameter and (by_itself or _VALUE.fullmatch(flag["word"] or "")):
            yield flag[0].strip(), parameter


def flag_problems(prompt: str, names: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each setting in the prompt."""
    for flag, parameter in flags_in(prompt, names):
        reason = f"a setting in the prompt goes past max_cost and the model's limits; use the parameter {parameter}"
        yield Problem("prompt", shorten(flag, 60), reason)
