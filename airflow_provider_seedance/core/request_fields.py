"""The names of a request's fields: operator, request model, catalog and fingerprint agree on these."""

from __future__ import annotations

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
