"""All that is wrong with a request at once: values that cannot be read, and what the vendor does not take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_provider_seedance.core.diagnosis import Problem
from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest

#: Fields that decide the mode: without one of them another request would be checked.
_OF_THE_MODE = frozenset(MEDIA_FIELDS) | {"prompt", "model", "draft_task_id"}


def all_problems(
    found: Sequence[Problem], fields: Mapping[str, Any], prepare: Callable[[GenerationRequest], object]
) -> list[Problem]:
    """The problems of a request that cannot be read, and those that ``prepare`` finds in the rest of its fields.

    :param found: the problems of reading it.
    :param prepare: raises ``RequestInvalid`` for a request that the vendor does not take.
    """
    unreadable = {re.split(r"[.\[]", problem.field)[0] for problem in found}
    if unreadable & _OF_THE_MODE:
        return list(found)
    try:
        prepare(GenerationRequest.parse({k: v for k, v in fields.items() if k not in unreadable}))
    except RequestInvalid as further:
        return [*found, *(problem for problem in further.problems if problem.field not in unreadable)]
    return list(found)
