"""Which DAGs' videos a user may see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.airflow.home import HOME  # before anything that imports Airflow

assert HOME


class Manager:
    """An auth manager for a user who may read four DAGs, and not everything of three of them."""

    refused = frozenset({("audit", "XCOM"), ("states", "TASK_INSTANCE"), ("gone", None)})

    def get_authorized_dag_ids(self, *, user: Any, method: str) -> set[str]:
        return {"film", "audit", "states", "gone"}

    def batch_is_authorized_dag(self, requests: Any, *, user: Any) -> bool:
        asked = {(one["details"].id, one["access_entity"] and one["access_entity"].value) for one in requests}
        return not asked & self.refused


@pytest.fixture(autouse=True)
def manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_seedance.plugins.gallery.access.get_auth_manager", Manager)


def test_a_user_needs_the_dag_its_task_instances_and_its_xcoms() -> None:
    """A card shows something of each."""
    from airflow_provider_seedance.plugins.gallery.access import readable_dag_ids

    assert readable_dag_ids(None) == {"film"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dag_id", "may"), [("film", True), ("audit", False), ("states", False), ("gone", False)]
)
def test_a_file_asks_for_its_dag_alone(dag_id: str, may: bool) -> None:
    """By the same rule."""
    from airflow_provider_seedance.plugins.gallery.access import dag_reader

    assert dag_reader(None)(dag_id) == may  # type: ignore[arg-type]
