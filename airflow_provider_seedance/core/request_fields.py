"""The names of a request's fields: operator, request model, catalog and fingerprint agree on these."""

from __future__ import annotations

from typing import Literal

#: The model families and values that some vendor has, for editors; any other text may be given as well.
Model = Literal[
    "seedance-2.0",
    "seedance-2.0-fast",
    "seedance-2.0-mini",
    "seedance-2.0-ultra",
    "seedance-2.5",
    "seedance-1.5-pro",
    "seedance-1.0-pro",
    "seedance-1.0-pro-fast",
    "seedance-1.0-lite-t2v",
    "seedance-1.0-lite-i2v",
]
Resolution = Literal["480p", "720p", "1080p", "2k", "4k"]
AspectRatio = Literal["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"]

#: Media field -> what kind of media it takes. Those that end with "s" take several.
MEDIA_FIELDS = {
    "first_frame": "image",
    "last_frame": "image",
    "reference_images": "image",
    "reference_videos": "video",
    "reference_audios": "audio",
}
#: Fields whose values a catalog row allows, limits or refuses.
OPTION_FIELDS = (
    "duration",
    "resolution",
    "aspect_ratio",
    "seed",
    "generate_audio",
    "watermark",
    "return_last_frame",
    "web_search",
    "content_filter",
    "camera_fixed",
    "service_tier",
    "priority",
)
#: All fields of a request, in the order in which users read them.
REQUEST_FIELDS = ("prompt", "model", *MEDIA_FIELDS, "draft_task_id", *OPTION_FIELDS, "vendor_options")
