"""An emulator of four Seedance vendors. It serves their HTTP APIs and real MP4 files, and bills nothing.

>>> with serve(rate=0) as emulator:
...     emulator.vendor_url("modelark")  # goes into the connection's host
...     emulator.advance(300)  # five minutes of vendor time pass at once

It needs the extra ``emulator``; without it, its names raise a ModuleNotFoundError that says so.

The folders; each imports only from those above it:

- ``media``: probing of input files, and rendering of videos;
- ``simulation``: the state, which is vendor time, generations, faults, callbacks and files;
- ``vendors``: the HTTP API of each vendor;
- ``http``: the ASGI applications for the vendors' routes, for downloads and for the control surface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_seedance.emulator.server import Emulator, serve

__all__ = ["Emulator", "serve"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from airflow_provider_seedance.emulator.installation import require_extra

    require_extra()
    from airflow_provider_seedance.emulator import server

    return getattr(server, name)
