"""Video sizes in pixels by resolution and aspect ratio, and the ratio that 'adaptive' stands for."""

from __future__ import annotations

Size = tuple[int, int]
Table = dict[str, dict[str, Size]]

RATIOS = {"16:9": 16 / 9, "4:3": 4 / 3, "1:1": 1.0, "3:4": 3 / 4, "9:16": 9 / 16, "21:9": 21 / 9}

_FAMILY_1: Table = {
    "480p": {"16:9": (864, 480), "4:3": (736, 544), "1:1": (640, 640), "21:9": (960, 416)},
    "720p": {"16:9": (1248, 704), "4:3": (1120, 832), "1:1": (960, 960), "21:9": (1504, 640)},
    "1080p": {"16:9": (1920, 1088), "4:3": (1664, 1248), "1:1": (1440, 1440), "21:9": (2176, 928)},
}
_FAMILY_2: Table = {
    "480p": {"16:9": (864, 496), "4:3": (752, 560), "1:1": (640, 640), "21:9": (992, 432)},
    "720p": {"16:9": (1280, 720), "4:3": (1112, 834), "1:1": (960, 960), "21:9": (1470, 630)},
    "1080p": {"16:9": (1920, 1080), "4:3": (1664, 1248), "1:1": (1440, 1440), "21:9": (2206, 946)},
    "4k": {"16:9": (3840, 2160), "4:3": (3326, 2494), "1:1": (2880, 2880), "21:9": (4398, 1886)},
}


def _with_portrait(table: Table) -> Table:
    """Add the portrait ratios, which are the landscape ones turned by 90 degrees."""
    return {
        resolution: {**sizes, "3:4": sizes["4:3"][::-1], "9:16": sizes["16:9"][::-1]}
        for resolution, sizes in table.items()
    }


SIZES: dict[str, Table] = {
    "1.0": _with_portrait(_FAMILY_1),
    "2.0": _with_portrait(_FAMILY_2),
    "2.5": _with_portrait({**_FAMILY_2, "480p": {**_FAMILY_2["480p"], "16:9": (854, 480)}}),
}
"""Tables by model family; 1.5 uses the table of 2.0."""


def nearest_ratio(aspect: float | None) -> str:
    """The named ratio that is nearest to an aspect ratio; 16:9 if that is unknown."""
    if aspect is None:
        return "16:9"
    return min(RATIOS, key=lambda name: abs(RATIOS[name] - aspect))
