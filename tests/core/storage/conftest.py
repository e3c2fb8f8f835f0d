"""The files and stores that landing is tested with."""

from tests.core.landing.conftest import films, folder, temp, video

__all__ = ["films", "folder", "temp", "video"]
