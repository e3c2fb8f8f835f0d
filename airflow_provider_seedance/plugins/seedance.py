"""The plugin that Airflow loads: apps of the API server, and the places of their pages in the web UI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.runtime.callbacks import PREFIX as CALLBACKS_PREFIX

Message = MutableMapping[str, Any]

#: Where the gallery is below Airflow's own address.
GALLERY_PREFIX = "/seedance"


def _icon(colour: str) -> str:
    """A film frame with a triangle, in outlines like the icons beside it."""
    return "data:image/svg+xml," + quote(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour}" stroke-width="1.5"'
        ' stroke-linecap="round" stroke-linejoin="round"><rect x="3" y="4" width="18" height="16" rx="2"/>'
        '<path d="M7 4v16M17 4v16M3 9h4M3 15h4M17 9h4M17 15h4M10.5 9.5v5l4-2.5z"/></svg>'
    )


def _view(destination: str, route: str, query: str, **more: Any) -> dict[str, Any]:
    """A place of the gallery in the web UI."""
    return {
        "name": "Seedance",
        # Without a slash before it, so that it is below the path of Airflow's base_url.
        "href": f"{GALLERY_PREFIX.removeprefix('/')}/{query}",
        "destination": destination,
        "url_route": route,
        "icon": _icon("#64778f"),
        "icon_dark_mode": _icon("#c3ccd8"),
        **more,
    }


class ImportedApp:
    """An ASGI app that is imported at its first request. A thread does that, since the API server goes on meanwhile.

    :param load: imports the app, and returns it.
    """

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._import: clock.SingleFlight[Any] = clock.SingleFlight()
        self._app: Any = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if self._app is None:
            self._app = await self._import.do(lambda: clock.off_loop(self._load))
        await self._app(scope, receive, send)


def _gallery_app() -> Any:
    from airflow_provider_seedance.plugins.gallery.app import app

    return app


def _callbacks_app() -> Any:
    from airflow_provider_seedance.plugins.callbacks.app import app, configured_receiver

    configured_receiver()
    return app


#: Every process of Airflow loads its plugins, and few of them serve a page.
gallery = ImportedApp(_gallery_app)
#: The webhook receiver.
callbacks = ImportedApp(_callbacks_app)


class SeedancePlugin(AirflowPlugin):
    """Adds the Seedance page to Airflow's navigation, tabs to its runs and tasks, and the receiver of callbacks."""

    name = "seedance"
    fastapi_apps = [  # noqa: RUF012
        {"name": "seedance-gallery", "app": gallery, "url_prefix": GALLERY_PREFIX},
        {"name": "seedance-callbacks", "app": callbacks, "url_prefix": CALLBACKS_PREFIX},
    ]
    external_views = [  # noqa: RUF012 - Airflow's own convention
        _view("nav", "seedance", "", nav_top_level=True),
        _view("dag_run", "seedance-run", "?dag_id={DAG_ID}&run_id={RUN_ID}"),
        _view(
            "task_instance",
            "seedance-task",
            "?dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}&map_index={MAP_INDEX}",
        ),
    ]
