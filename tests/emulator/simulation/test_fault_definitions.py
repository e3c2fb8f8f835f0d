"""Definitions of faults: what is taken, and how a bad one is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from airflow_provider_seedance.emulator.simulation.fault_definitions import BadFault, read_fault

VENDORS = ("evolink", "anyfast")
PAGE = Path(__file__).parents[3] / "docs" / "emulator.md"
REPLY = {"on": "get", "kind": "reply"}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "on"),
        ({"on": ["get"], "kind": "status"}, "on"),
        ({"on": "get"}, "kind"),
        ({"on": "get", "kind": "not_ready"}, "kind"),
        ({"on": "get", "kind": "status", "vendor": "nobody"}, "vendor"),
        ({**REPLY, "statsu": 404}, "statsu"),
        ({**REPLY, "status": 99}, "status"),
        ({**REPLY, "status": "404"}, "status"),
        ({**REPLY, "status": True}, "status"),
        ({**REPLY, "status": 404.0}, "status"),
        ({**REPLY, "headers": [["a", "b"]]}, "headers"),
        ({**REPLY, "headers": {"a b": "c"}}, "headers"),
        ({**REPLY, "headers": {"a": "b\r\nc: d"}}, "headers"),
        ({**REPLY, "headers": {"a": 1}}, "headers"),
        ({**REPLY, "headers": {"a": ["b", None]}}, "headers"),
        ({**REPLY, "base64": "@@@"}, "base64"),
        ({**REPLY, "base64": 7}, "base64"),
        ({**REPLY, "base64": "AAAA", "body": "x"}, "base64"),
        ({**REPLY, "repeat": 0}, "repeat"),
        ({**REPLY, "repeat": 1.5}, "repeat"),
        ({**REPLY, "trickle": 0}, "trickle"),
        ({**REPLY, "cut": -1}, "cut"),
        ({**REPLY, "accept": True}, "accept"),
        ({**REPLY, "on": "create", "accept": "yes"}, "accept"),
        ({**REPLY, "seconds": 2}, "seconds"),
        ({**REPLY, "link": "first"}, "link"),
        ({**REPLY, "on": "download", "link": "third"}, "link"),
        ({**REPLY, "path": 7}, "path"),
        ({**REPLY, "on": "callback", "status": 404}, "status"),
        ({**REPLY, "on": "callback", "body": "x", "repeat": 10**9}, "repeat"),
        ({"on": "get", "kind": "status", "trickle": 5}, "trickle"),
        ({"on": "get", "kind": "status", "body": {"a": 1}}, "body"),
        ({"on": "get", "kind": "status", "times": -1}, "times"),
        ({"on": "get", "kind": "status", "probability": 2}, "probability"),
    ],
)
def test_a_bad_definition_is_refused(spec, field):
    """The message names the field, so that a typo never makes a test pass."""
    with pytest.raises(BadFault, match=rf"\b{field}\b"):
        read_fault(spec, VENDORS)


def test_the_message_lists_the_choices():
    """A kind that does not exist gets those that do."""
    with pytest.raises(BadFault, match="drop_after_accept"):
        read_fault({"on": "create", "kind": "explode"}, VENDORS)


@pytest.mark.parametrize(
    ("body", "content", "media_type"),
    [
        ("plain \u732b", "plain \u732b".encode(), "text/plain; charset=utf-8"),
        ({"id": "\u732b"}, '{"id": "\u732b"}'.encode(), "application/json"),
        ([], b"[]", "application/json"),
        (0, b"0", "application/json"),
        ("\ud800", b"\xed\xa0\x80", "text/plain; charset=utf-8"),
    ],
)
def test_a_body_is_text_or_json(body, content, media_type):
    """Text goes out as it is, any other value as JSON."""
    reply = read_fault({**REPLY, "body": body}, VENDORS)["reply"]
    assert (reply.body, reply.media_type) == (content, media_type)


def test_null_counts_as_not_given():
    """A definition may spell every field out; only ``times`` has a meaning for null, which is for ever."""
    spec = {"on": "get", "kind": "status", "times": None, "path": None, "retry_after": None, "trickle": None}
    assert read_fault(spec, VENDORS) == {"on": "get", "kind": "status", "vendor": "*", "times": None}


def test_the_examples_of_the_documentation_are_taken():
    """Each can be pasted."""
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert [read_fault(json.loads(block), VENDORS)["kind"] for block in blocks] == ["reply"] * 3
