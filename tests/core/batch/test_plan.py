"""What a batch's plan says about the connections before anything is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.plan import tell_unfit
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.errors import Problem, RequestInvalid
from airflow_provider_seedance.models import GenerationRequest


@dataclass
class Client:
    """Of a vendor that has so many models."""

    models: tuple[str, ...]

    @property
    def catalog(self) -> Client:
        return self

    def prepare(self, request: GenerationRequest) -> None:
        if request.model not in self.models:
            raise RequestInvalid([Problem("model", request.model, "no such model")])


ROWS = {
    number: Row(number, GenerationRequest(prompt="A fox", model=f"m{number % 2}")) for number in range(1, 5)
}


@pytest.mark.parametrize(
    ("models", "told"), [(("m0", "m1"), None), (("m0",), "takes 2 of the 4 rows"), ((), "takes 0")]
)
def test_a_connection_that_lacks_models_is_told_once(
    models: tuple[str, ...], told: str | None, caplog: Any
) -> None:
    clients: Any = {"first": Client(("m0", "m1")), "backup": Client(models)}
    tell_unfit(ROWS, clients)
    assert len(caplog.records) == (told is not None)
    if told:
        assert f"Connection backup {told}" in caplog.text
        assert "Row 1: " in caplog.text
