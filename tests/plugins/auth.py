"""An auth manager with a user who may not read every DAG."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

#: User -> role; the password is the name.
USERS = {"ann": "admin", "bob": "viewer"}
#: What ``bob`` may not read.
HIDDEN_DAG = "secret"


class PerDagAuthManager(SimpleAuthManager):
    """Airflow's own for development, but for one DAG."""

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        """As the user's role allows."""
        if user.get_name() == "bob" and details is not None and details.id == HIDDEN_DAG:
            return False
        return super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
