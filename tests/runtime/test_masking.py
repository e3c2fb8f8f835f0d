"""Bearer links become masked secrets before Airflow stores what was rendered."""

from __future__ import annotations

import json

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.log import redact
from airflow.serialization.helpers import serialize_template_field

from airflow_provider_seedance.runtime.masking import (
    SignedLinkMaskingMixin,
    bearer_links,
    mask_texts,
    unmask,
)
from tests.airflow.running import TaskRun


class TakesLinks(SignedLinkMaskingMixin, BaseOperator):
    """An operator with one field for links."""

    template_fields = ("link",)

    def __init__(self, *, link, **kwargs) -> None:
        super().__init__(**kwargs)
        self.link = link

    def execute(self, context):
        return redact(self.link)


def rendered(link, **params):
    """What Airflow would store of the field."""
    return TaskRun(TakesLinks(task_id="takes", link=link), params=params)()


@pytest.mark.parametrize(
    ("value", "links"),
    [
        ("https://host/a.mp4?sig=1", ["https://host/a.mp4?sig=1"]),
        ("https://host/a.png", []),
        ("a prompt with https://host/a.mp4?sig=1 in it", []),
        ({"video_url": "https://host/a.mp4", "prompt": "x"}, ["https://host/a.mp4"]),
        ({"videos": [{"last_frame_url": "http://host/a.png"}]}, ["http://host/a.png"]),
        (("https://host/b.png?sig=2", 7, None), ["https://host/b.png?sig=2"]),
        ({"video_url": None}, []),
    ],
)
def test_which_links_are_bearer_links(value, links) -> None:
    """Signed ones anywhere, and a result's own even without a signature."""
    assert list(bearer_links(value)) == links


def test_a_signed_link_is_masked_when_rendered() -> None:
    """In any field, from any template."""
    link = "https://host/masking-1.png?sig=1"
    assert rendered("{{ params.it }}", it=link) == "***"


def test_a_link_out_of_a_result_is_masked_without_a_signature() -> None:
    """The template says where it comes from."""
    link = "https://host/masking-2.png"
    assert rendered("{{ params.it['last_frame_url'] }}", it={"last_frame_url": link}) == "***"


def test_a_result_dict_is_masked_where_it_has_links() -> None:
    """The rest of it stays readable."""
    result = {"video_url": "https://host/masking-3.mp4", "generation_id": "task-1"}
    assert rendered(result) == {"video_url": "***", "generation_id": "task-1"}


def test_a_link_of_the_authors_own_stays_readable() -> None:
    """A public picture is no secret."""
    assert rendered("https://host/public.png") == "https://host/public.png"


LINK = "https://bucket.example/a.png?X-Amz-Signature=TOPSECRET"
ROWS = [{"prompt": "A fox", "first_frame": LINK, "reference_images": [LINK]}, "A hare"]


@pytest.mark.parametrize(
    "given", [ROWS, json.dumps(ROWS), f"{LINK}&file=rows.csv"], ids=["list", "text", "file"]
)
def test_masked_texts_are_stored_without_their_secrets(given) -> None:
    """In the rendered fields; the operator that fetches the links has them whole."""
    masked = mask_texts(given)
    stored = json.dumps(serialize_template_field(masked, "requests"))
    assert "bucket.example/a.png" in stored
    assert "TOPSECRET" not in stored + repr(masked)
    assert unmask(masked) == given


@pytest.mark.parametrize("given", ["{{ params.rows }}", f"{LINK}&day={{{{ ds }}}}", "s3://rows.csv", None, 7])
def test_templates_and_texts_without_secrets_are_not_masked(given) -> None:
    """Airflow would not render a masked text."""
    assert mask_texts(given) == given
