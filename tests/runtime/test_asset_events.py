"""Asset events: URIs that Airflow takes, and outlets that are checked and shown when the DAG is parsed."""

from __future__ import annotations

import pytest
from airflow.sdk import DAG, Asset, AssetAlias, BaseOperator

from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator
from airflow_provider_seedance.runtime.asset_events import asset_uri, outlet_of


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("s3://bucket/发布/小猫.mp4", "s3://bucket/%E5%8F%91%E5%B8%83/%E5%B0%8F%E7%8C%AB.mp4"),
        ("s3://minio@bucket/public", "s3://bucket/public"),
        ("gs://google:cloud@bucket/Größe", "gs://bucket/Gr%C3%B6%C3%9Fe"),
        ("s3://bucket/take #1?/50%.mp4", "s3://bucket/take%20%231%3F/50%25.mp4"),
        ("s3://bucket", "s3://bucket"),
        ("/tmp/a b/ü#1", "file:///tmp/a%20b/%C3%BC%231"),
        ("file:///tmp/a@b", "file:///tmp/a%40b"),
    ],
)
def test_an_assets_uri_is_ascii_and_names_no_connection(path, uri) -> None:
    """Whatever stands in a path is a part of a name."""
    assert asset_uri(path) == uri
    assert Asset(uri=uri).uri.rstrip("/") == uri


@pytest.mark.parametrize(
    ("given", "outlet"),
    [
        (None, Asset("dag.task")),
        ("", Asset("dag.task")),
        ("clips", Asset("clips")),
        ("my clips", Asset("my clips")),
        ("短片", Asset(name="短片", uri="%E7%9F%AD%E7%89%87")),
        ("s3://bucket/clips", Asset(uri="s3://bucket/clips")),
        ("s3://minio@bucket/clips", Asset(uri="s3://bucket/clips")),
        ("s3://bucket/50%25/ü", Asset(uri="s3://bucket/50%25/%C3%BC")),
        (Asset(name="clips", uri="s3://bucket/clips"), Asset(name="clips", uri="s3://bucket/clips")),
        (AssetAlias("clips"), AssetAlias("clips")),
    ],
)
def test_an_asset_is_named_in_many_ways(given, outlet) -> None:
    """A text is made fit for Airflow, as the same ``Asset`` that a consumer writes."""
    assert outlet_of(given, "dag.task") == outlet


def test_an_asset_of_a_dag_with_an_unicode_name() -> None:
    """Names may be Unicode, URIs not."""
    assert outlet_of(None, "影片.发布").uri.isascii()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Asset(name="clips", uri="s3://bucket/发布"), r"ASCII only.*s3://bucket/%E5%8F%91%E5%B8%83"),
        ("s3://bucket/clips#new", "cut off"),
        ("airflow://clips", "reserved"),
        (["clips"], "not a list"),
    ],
)
def test_an_asset_that_airflow_would_refuse_is_refused_when_the_dag_is_parsed(given, message) -> None:
    """With how to write it."""
    with DAG("tested", schedule=None), pytest.raises(ConfigurationError, match=f"(?s){message}"):
        SeedancePublishVideoOperator(task_id="publish", video={}, destination="/tmp/a.mp4", asset=given)


@pytest.mark.parametrize(
    ("asset", "declared"),
    [
        (None, Asset("tested.publish")),
        ("clips", Asset("clips")),
        (Asset("clips"), Asset("clips")),
        (AssetAlias("clips"), AssetAlias("clips")),
    ],
)
def test_what_will_be_published_is_an_outlet_when_the_dag_is_parsed(asset, declared) -> None:
    """So that the graph shows it, for a mapped task too."""
    fixed = {"destination": "/tmp/{generation_id}.mp4", "outlets": [Asset("other")]}
    given = {} if asset is None else {"asset": asset}
    with DAG("tested", schedule=None) as dag:
        SeedancePublishVideoOperator(task_id="publish", video={}, **fixed, **given)
    with DAG("tested", schedule=None) as mapped:
        SeedancePublishVideoOperator.partial(task_id="publish", **fixed, **given).expand(video=[{}])
    for made in (dag, mapped):
        assert made.get_task("publish").outlets == [Asset("other"), declared]


class Upstream(BaseOperator):
    """Another task, whose result names an asset."""

    def execute(self, context):
        return None


@pytest.mark.parametrize("asset", ["s3://bucket/{{ params.campaign }}", "{% if 1 %}clips{% endif %}", "XCom"])
def test_what_a_template_names_is_known_at_run_time_only(asset) -> None:
    """Nothing wrong is declared."""
    with DAG("tested", schedule=None):
        named = Upstream(task_id="name").output if asset == "XCom" else asset
        task = SeedancePublishVideoOperator(
            task_id="publish", video={}, destination="/tmp/a.mp4", asset=named
        )
    assert task.outlets == []
