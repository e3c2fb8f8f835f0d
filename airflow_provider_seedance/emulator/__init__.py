"""An emulator of four Seedance vendors that speaks their HTTP APIs and serves real MP4 files, and bills nothing.

>>> with serve(rate=0) as emulator:
...     emulator.vendor_url("modelark")  # goes into the connection's host
...     emulator.advance(300)  # five minutes of vendor time pass at once
"""

from airflow_provider_seedance.emulator.server import Emulator, serve

__all__ = ["Emulator", "serve"]
