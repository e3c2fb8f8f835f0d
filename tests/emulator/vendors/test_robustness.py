"""No request, however odd, makes a vendor fall over."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATHS = {
    "modelark": "/api/v3/contents/generations/tasks",
    "evolink": "/v1/videos/generations",
    "anyfast": "/v1/video/generations",
    "toapis": "/v1/videos/generations",
}
GOOD = {
    "modelark": {"model": "seedance-1-5-pro-251215", "content": [{"type": "text", "text": "x --dur 5"}]},
    "evolink": {"model": "seedance-2.0-reference-to-video", "prompt": "x", "image_urls": ["https://h/x"]},
    "anyfast": {"model": "seedance-2.5", "content": [{"type": "text", "text": "x"}]},
    "toapis": {"model": "seedance-2", "prompt": "x"},
}
FIELDS = [
    "model", "content", "prompt", "duration", "resolution", "ratio", "aspect_ratio", "quality", "seed", "frames",
    "tools", "image_urls", "video_urls", "image_with_roles", "video_with_roles", "metadata", "callback_url",
    "service_tier", "priority", "draft", "model_params", "client_business_id", "safety_identifier", "output_format",
    "execution_expires_after", "generate_audio", "trace_id", "private_asset_review",
]  # fmt: skip

WORDS = ["", "x", "720p", "16:9", "asset://x", "http://[", "data:image/png;base64,AAAA", "http://127.0.0.1/"]
INNER_FIELDS = ["type", "text", "image_url", "url", "role", "id", "draft_task"]

numbers = st.integers(-9, 99) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER_FIELDS), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("vendor", PATHS)
def test_odd_bodies_are_answered(vendor, api):
    """Any JSON value in any field gives an answer below 500, but for the vendor's own 503."""
    client = api(vendor)

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=3), st.booleans())
    def check(fields, replace):
        answer = client.post(PATHS[vendor], json=fields if replace else {**GOOD[vendor], **fields})
        assert answer.status_code < 500 or answer.status_code == 503, (fields, answer.text)

    check()


@pytest.mark.parametrize("vendor", PATHS)
@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff\xfe", b"{", b'"x"'])
def test_bodies_that_are_no_object_are_refused(vendor, content, api):
    """400, whatever the bytes."""
    assert api(vendor).post(PATHS[vendor], content=content).status_code == 400
