"""An emulator of four Seedance vendors: real protocols, real state, real MP4 files, no bill.

>>> with serve(rate=0) as emulator:
...     emulator.vendor_url("modelark")  # goes into the connection's host
...     emulator.advance(300)  # five minutes of vendor time pass at once
"""

from airflow_provider_seedance.emulator.server import Emulator, serve

__all__ = ["Emulator", "serve"]
