"""Reading request bodies up to a limit."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


class BodyTooLarge(Exception):
    """A request has a body beyond the limit, which is given in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit:,} bytes")

    def response(self) -> Response:
        """The answer, in nobody's form: what is too large is refused in front of a vendor."""
        return PlainTextResponse(f"413 Request Entity Too Large: {self}", 413)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; raises BodyTooLarge.

    What lies beyond the limit is received, so that the client comes to reading the answer, but not kept.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    if size > limit:
        raise BodyTooLarge(limit)
    return b"".join(chunks)
