"""Task groups: several of the provider's tasks as one step of a DAG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

if TYPE_CHECKING:
    from airflow.sdk import Asset, AssetAlias
    from airflow.sdk.definitions.xcom_arg import PlainXComArg

    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.request_fields import AspectRatio, Model, Resolution
    from airflow_provider_seedance.operators._base import (
        LinksArgument,
        RequestArgument,
        Result,
        Switch,
        Text,
        Whole,
    )


class PublishedVideoGroup(TaskGroup):
    """The tasks ``generate`` and ``publish`` of one video.

    ``video`` is what the generate operator returns, and ``output`` what the publish operator returns, for other tasks.
    """

    video: PlainXComArg
    output: PlainXComArg


def generate_and_publish(
    group_id: str = "video",
    *,
    landing: Text,
    destination: Text,
    prompt: Text | None = None,
    request: RequestArgument | None = None,
    model: Model | Text = "seedance-2.0",
    first_frame: Text | None = None,
    last_frame: Text | None = None,
    reference_images: LinksArgument | None = None,
    reference_videos: LinksArgument | None = None,
    reference_audios: LinksArgument | None = None,
    duration: Whole | None = None,
    resolution: Resolution | Text | None = None,
    aspect_ratio: AspectRatio | Text | None = None,
    generate_audio: Switch | None = None,
    max_cost: str | Mapping[str, Any] | None = None,
    seedance_conn_id: str = "seedance_default",
    metadata: Result | None = None,
    asset: Asset | AssetAlias | str | None = None,
    overwrite: Overwrite = "own",
    **generate: Any,
) -> PublishedVideoGroup:
    """Generate a video, land it, and publish it with its sidecar and an asset event.

    :param group_id: of the group, whose tasks are ``<group_id>.generate`` and ``<group_id>.publish``.
    :param landing: where the video is landed and verified: a template as the generate operator's ``destination``.
    :param destination: where it is published: a template as the publish operator's ``destination``.
    :param metadata: your own words for the sidecar.
    :param asset: what the event is for; see :class:`.SeedancePublishVideoOperator`.
    :param overwrite: what to do about a file that is already at either place.
    :param generate: further arguments of :class:`.SeedanceGenerateVideoOperator`; the others above are its own too.
    :returns: the group, for ``>>``; its ``output`` is the publication's record.
    """
    group = PublishedVideoGroup(group_id)
    with group:
        video = SeedanceGenerateVideoOperator(
            task_id="generate",
            destination=landing,
            prompt=prompt,
            request=request,
            model=model,
            first_frame=first_frame,
            last_frame=last_frame,
            reference_images=reference_images,
            reference_videos=reference_videos,
            reference_audios=reference_audios,
            duration=duration,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            generate_audio=generate_audio,
            max_cost=max_cost,
            seedance_conn_id=seedance_conn_id,
            overwrite=overwrite,
            **generate,
        )
        published = SeedancePublishVideoOperator(
            task_id="publish",
            video=video.output,
            destination=destination,
            metadata=metadata,
            asset=asset,
            overwrite=overwrite,
        )
    group.video, group.output = video.output, published.output
    return group
