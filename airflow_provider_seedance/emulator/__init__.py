"""An emulator of four Seedance vendors. It serves their HTTP APIs and real MP4 files, and bills nothing.

>>> with serve(rate=0) as emulator:
...     emulator.vendor_url("modelark")  # goes into the connection's host
...     emulator.advance(300)  # five minutes of vendor time pass at once

The folders; each imports only from those above it:

- ``media``: probing of input files, and rendering of videos;
- ``simulation``: the state, which is vendor time, generations, faults, callbacks and files;
- ``vendors``: the HTTP API of each vendor;
- ``http``: the ASGI applications for the vendors' routes, for downloads and for the control surface.
"""

from airflow_provider_seedance.emulator.server import Emulator, serve

__all__ = ["Emulator", "serve"]
