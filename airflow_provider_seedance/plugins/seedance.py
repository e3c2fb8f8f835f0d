"""The plugin that Airflow loads: apps of the API server, and the places of their pages in the web UI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_seedance.runtime.callbacks import PREFIX as CALLBACKS_PREFIX

Message = MutableMapping[str, Any]

#: Where the gallery is below Airflow's own address.
GALLERY_PREFIX = "/seedance"


async def gallery(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The gallery as an ASGI app, imported at its first request: every process of Airflow loads its plugins."""
    from airflow_provider_seedance.plugins.gallery.app import app

    await app(scope, receive, send)


async def callbacks(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The webhook receiver as an ASGI app, imported at its first request."""
    from airflow_provider_seedance.plugins.callbacks.app import app

    await app(scope, receive, send)


class SeedancePlugin(AirflowPlugin):
    """Adds the Seedance page to Airflow's navigation, and the receiver of vendors' callbacks to its API server."""

    name = "seedance"
    fastapi_apps = [  # noqa: RUF012
        {"name": "seedance-gallery", "app": gallery, "url_prefix": GALLERY_PREFIX},
        {"name": "seedance-callbacks", "app": callbacks, "url_prefix": CALLBACKS_PREFIX},
    ]
    external_views = [  # noqa: RUF012 - Airflow's own convention
        {
            "name": "Seedance",
            # Without a slash before it, so that it is below the path of Airflow's base_url.
            "href": f"{GALLERY_PREFIX.removeprefix('/')}/",
            "destination": "nav",
            "url_route": "seedance",
            "category": "browse",
        }
    ]
