"""The files and stores that landing is tested with."""

from tests.core.landing.conftest import folder, temp, video, videos

__all__ = ["folder", "temp", "video", "videos"]
