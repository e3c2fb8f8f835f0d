"""Where a video comes from and goes to, for lineage: the media of its prompt, the generation, the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_seedance.core.redaction import redact
from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS

#: The scheme by which a generation is named that has no file yet.
SCHEME = "seedance"


@dataclass(frozen=True)
class Lineage:
    """What a task has read and written.

    :param inputs: paths and URIs, without what opens them.
    :param outputs: likewise.
    :param facts: the generation behind them: ``vendor``, ``generation_id``, ``model``, ``mode`` and ``cost``; of a
        batch ``rows``, ``counts`` and ``cost``.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


def lineage_of_generation(request: Mapping[str, Any], result: Mapping[str, Any]) -> Lineage:
    """From the request's media to the landed file, or to the generation where none is landed.

    :param request: its fields.
    :param result: what the generate operator returns.
    """
    media = (link for name in MEDIA_FIELDS for link in _links(request.get(name)))
    return Lineage(
        tuple(dict.fromkeys(map(redact, media))),
        (_file_of(result) or generation_uri(result),),
        facts_of(result),
    )


def lineage_of_download(manifest: Mapping[str, Any]) -> Lineage:
    """From the generation to the landed file."""
    return Lineage((generation_uri(manifest["source"]),), (manifest["uri"],), facts_of(manifest))


def lineage_of_publication(record: Mapping[str, Any]) -> Lineage:
    """From the landed file to the published one."""
    return Lineage((record["manifest"]["uri"],), (record["uri"],), facts_of(record["manifest"]))


def generation_uri(source: Mapping[str, Any]) -> str:
    """The name of a generation: ``seedance://<vendor>/<generation id>``."""
    return f"{SCHEME}://{source['vendor']}/{source['generation_id']}"


def facts_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a result or a manifest tells of its generation; null for what it does not."""
    source, provenance = result.get("source") or result, result.get("provenance") or {}
    return {
        **{name: source.get(name) for name in ("vendor", "generation_id", "model")},
        **{name: provenance.get(name) for name in ("mode", "cost")},
    }


def dataset_name(uri: str) -> tuple[str, str]:
    """The namespace and the name in OpenLineage: ``s3://bucket`` and ``key``, or ``file`` and a local path."""
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme == "file":
        return "file", rest if separator else uri
    authority, _, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}", path or "/"


def _file_of(result: Mapping[str, Any]) -> str | None:
    uri = (result.get("manifest") or {}).get("uri")
    return str(uri) if uri else None


def _links(value: Any) -> Iterable[str]:
    """The paths and links of an argument; content that is inside the request has no name."""
    found = value if isinstance(value, (list, tuple)) else [value]
    return (link for link in found if isinstance(link, str) and link and not link.startswith("data:"))
