"""A picture of a landed video, beside it, for pages that show many videos."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

from airflow_provider_seedance.core.landing.decoder_limits import MAX_PIXELS

#: Pixels of a poster's longer side.
LONGEST_SIDE = 640
_OPTIONS = {"max_pixels": str(MAX_PIXELS), "threads": "1", "enable_drefs": "0"}


def poster_name(name: str) -> str:
    """The name of a video's poster: the video's, with the ending ``.jpg``."""
    return f"{name.rpartition('.')[0] or name}.jpg"


def poster_of(video: Path) -> bytes:
    """A JPEG of the picture in the middle of a video.

    :param video: whole, and checked to be decodable.
    :raises ImportError: without the extra ``media``.
    """
    import av
    from PIL import Image

    with video.open("rb") as file, av.open(file, "r", format="mov", options=_OPTIONS) as container:
        stream = container.streams.video[0]
        frame = next(islice(container.decode(stream), stream.frames // 2, None))
        picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=82, optimize=True)
    return target.getvalue()
