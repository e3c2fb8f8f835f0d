"""What is refused here, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_seedance.core.diagnosis import MAX_DETAIL, Diagnosis, Problem
from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.core.redaction import shorten
from airflow_provider_seedance.errors.base import SeedanceError


class ConfigurationError(SeedanceError):
    """The connection, the catalog or an argument is unusable. Nothing was sent."""

    kind = Kind.CONFIGURATION


class Unsupported(SeedanceError):
    """This vendor has no such call. Nothing was sent."""

    kind = Kind.CONFIGURATION


class RequestInvalid(SeedanceError):
    """A request that cannot succeed, refused before it costs anything.

    :param problems: everything that is wrong, not only the first thing.
    :param model: the model that was asked for.
    """

    kind = Kind.VALIDATION

    def __init__(
        self, problems: Sequence[Problem], *, vendor: str | None = None, model: str | None = None
    ) -> None:
        self.problems = tuple(problems)
        self.model = model
        target = f" for model {shorten(model, MAX_DETAIL)}" if model else ""
        listed = "".join(f"\n- {problem}" for problem in self.problems)
        text = f"request refused before sending{target}:{listed}"
        super().__init__(text, vendor=vendor, diagnosis=Diagnosis.of(self.problems))


class BudgetExceeded(SeedanceError):
    """The estimate is above ``max_cost``, or no price is known to hold against it. A decision, not a fault."""

    kind = Kind.VALIDATION
