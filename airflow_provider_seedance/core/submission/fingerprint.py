"""What makes two requests the same order."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS
from airflow_provider_seedance.models import GenerationRequest

#: Changes when the way of counting changes, so that old fingerprints stay what they were.
VERSION = "v1"

#: Names of query parameters that only a signed link has, at the object stores and delivery networks in use.
_SIGNATURE = re.compile(r"(?i)signature|^sig$|^x-(amz|tos|goog|oss|cos|bce)-|^q-sign|^(access_)?token$")


def fingerprint(request: GenerationRequest) -> str:
    """A digest over everything that decides the video, and nothing that does not.

    Embedded media count by their content, signed links without their query: a link signed anew is the same picture.
    """
    fields = without_signatures(request)
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{VERSION}:{hashlib.sha256(text.encode()).hexdigest()}"


def without_signatures(request: GenerationRequest) -> dict[str, Any]:
    """The request's own fields as JSON, its media without what opens them: fit to be stored."""
    fields: dict[str, Any] = request.model_dump(mode="json", exclude_defaults=True)
    fields["model"] = request.model
    for name in MEDIA_FIELDS:
        if name in fields:
            fields[name] = _canonical(fields[name])
    return fields


def _canonical(media: Any) -> Any:
    if isinstance(media, list):
        return [_canonical(link) for link in media]
    if media.startswith("data:"):
        return f"sha256:{hashlib.sha256(media.encode()).hexdigest()}"
    parts = urlsplit(media)
    signed = any(_SIGNATURE.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit(parts._replace(query="" if signed else parts.query, fragment=""))
