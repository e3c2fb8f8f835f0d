"""Writing a reply on a connection byte by byte, since a web server would not send what is wrong on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from airflow_provider_seedance.emulator.simulation.replies import Reply

_MAX_UNSENT_BYTES = 256 * 1024
_PAUSE_SECONDS = 0.05


async def write_reply(reply: Reply, transport: asyncio.Transport) -> None:
    """Write head and body; returns when all is handed over, or earlier if the client has gone.

    The caller closes the connection.
    """
    transport.write(reply.head())
    for block in reply.blocks():
        for piece in _pieces(block, reply.trickle):
            if transport.is_closing():
                return
            transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.is_chunked else piece)
            await _wait(transport, len(piece) / reply.trickle if reply.trickle else 0)
    if reply.is_chunked and reply.cut is None and not transport.is_closing():
        transport.write(b"0\r\n\r\n")


def _pieces(block: bytes, trickle: float | None) -> Iterator[bytes]:
    size = max(1, int(trickle * _PAUSE_SECONDS)) if trickle else len(block)
    return (block[start : start + size] for start in range(0, len(block), size))


async def _wait(transport: asyncio.Transport, seconds: float) -> None:
    """Wait so long, and until the client has read most of what was written."""
    await asyncio.sleep(seconds)
    # A transport offers no event for this, only the protocol that owns it hears of it.
    while not transport.is_closing() and transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE_SECONDS / 10)
