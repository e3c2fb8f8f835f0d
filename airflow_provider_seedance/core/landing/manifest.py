"""The records that landing and publishing leave behind; plain JSON outside, frozen values inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from airflow_provider_seedance.errors import ConfigurationError

R = TypeVar("R", bound="_Record")
QualityFlag: TypeAlias = Literal["black", "frozen", "silent"]


class _Record(BaseModel):
    # A record may have been written by a later version: what it adds is no reason to refuse it.
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    @classmethod
    def parse(cls: type[R], fields: Mapping[str, Any]) -> R:
        """The record in ``fields``; unknown keys are ignored.

        :raises ConfigurationError: naming the keys that are missing or wrong.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as fault:
            wrong = "; ".join(
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors()
            )
        raise ConfigurationError(f"not a {cls.__name__.lower()}: {wrong}")

    def to_dict(self) -> dict[str, Any]:
        """The record as a JSON object, with every key."""
        return self.model_dump(mode="json")


class Media(_Record):
    """What is in a video file; ``None`` is "not known".

    Beside a known ``video_codec``, an ``audio_codec`` of ``None`` is a file without sound.
    """

    #: Seconds.
    duration: float | None = None
    #: Pixels.
    width: int | None = None
    height: int | None = None
    #: Frames per second, on average.
    fps: float | None = None
    #: ``h264``, ``hevc``, ...
    video_codec: str | None = None
    #: ``aac``, ``mp3``, ...
    audio_codec: str | None = None
    #: What is unusual about the file, in sentences; its manifest has them.
    notes: tuple[str, ...] = Field(default=(), exclude=True)


class Mismatch(_Record):
    """One way in which an intact video differs from what the request asked for."""

    #: ``duration`` (seconds), ``width``, ``height`` (pixels) or ``audio`` (whether there is sound).
    field: str
    expected: bool | int | float
    actual: bool | int | float


class Quality(_Record):
    """What a look at a video's pictures and sound found; ``None`` is "not known"."""

    #: How many were looked at, spread over the video.
    pictures: int
    #: The share of them that is black, 0 to 1.
    black: float | None = None
    #: The share of them in which nothing has moved since the one before, 0 to 1.
    frozen: float | None = None
    #: The loudest sample, in decibels: 0 is full scale, and -96 complete silence.
    peak_dbfs: float | None = None
    #: What the figures mean; a later version may know others.
    flags: tuple[str, ...] = ()


class Picture(_Record):
    """A picture beside a video."""

    uri: str
    bytes: int = Field(ge=0)
    #: Lower-case hex.
    sha256: str


class GenerationReference(_Record):
    """The generation that a video comes from."""

    vendor: str
    generation_id: str
    model: str | None = None
    request_fingerprint: str | None = None


class TaskReference(_Record):
    """The Airflow task instance that did something, whichever of its tries it was."""

    dag_id: str
    run_id: str
    task_id: str
    #: -1 for a task that is not mapped.
    map_index: int = -1


class Provenance(_Record):
    """How a video came about: what was asked for, what it cost, and who asked. ``None`` is "not known"."""

    #: What was asked for, by the names of ``GenerationRequest``; of each link it has the host alone.
    request: dict[str, Any] | None = None
    mode: str | None = None
    #: As the vendor tells, else as it was asked for.
    seed: int | None = None
    #: ``amount``, ``currency`` and ``basis``, as in the generation's result.
    cost: dict[str, Any] | None = None
    #: What the vendor counted.
    usage: dict[str, Any] | None = None
    generated_by: TaskReference | None = None
    #: Of a batch.
    row: int | None = None


class Manifest(_Record):
    """The record of a landed video."""

    #: The path or URI under which the file can be opened again.
    uri: str
    bytes: int = Field(ge=0)
    #: Lower-case hex.
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    content_type: str
    media: Media
    source: GenerationReference
    provenance: Provenance = Provenance()
    mismatches: tuple[Mismatch, ...] = ()
    #: What is unusual about an intact file, in sentences.
    notes: tuple[str, ...] = ()
    #: ``None`` for a video that was not looked at.
    quality: Quality | None = None
    #: Beside the video, if they could be made and their names were free.
    poster: Picture | None = None
    contact_sheet: Picture | None = None
    landed_at: AwareDatetime
    #: Where the video was landed first, if it was taken over from an equal request instead of paid for.
    reused_from: str | None = None


class Sidecar(_Record):
    """The record beside a published video, in a file of the video's name and ``.json``."""

    uri: str
    sidecar_uri: str
    bytes: int = Field(ge=0)
    sha256: str
    published_at: AwareDatetime
    #: The task instance that published it.
    published_by: TaskReference | None = None
    #: What the publisher gave, as JSON.
    metadata: dict[str, Any]
    source: GenerationReference
    provenance: Provenance = Provenance()
    #: Beside the published video.
    poster: Picture | None = None
    contact_sheet: Picture | None = None
    #: The landing that the published bytes come from.
    manifest: Manifest


class Publication(Sidecar):
    """What one run of publishing did; ``published_at`` and ``published_by`` are of the run that wrote the content."""

    #: Whether this run published anything.
    published: bool
    #: Why, or why not.
    reason: str
