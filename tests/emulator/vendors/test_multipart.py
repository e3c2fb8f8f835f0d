"""Parsing of forms."""

from __future__ import annotations

import os

import httpx

from airflow_provider_seedance.emulator.vendors.multipart import parse_form


def test_forms_keep_every_byte():
    """Binary content with all kinds of line ends survives."""
    content = bytes(range(256)) * 4 + b"\r\n\r\n--x\n" + os.urandom(5000)
    request = httpx.Request(
        "POST", "http://x", files={"file": ("a b.png", content, "image/png")}, data={"purpose": "y"}
    )
    form = parse_form(request.headers["content-type"], request.read())
    assert form.files["file"].content == content
    assert (form.files["file"].name, form.files["file"].mime) == ("a b.png", "image/png")
    assert form.fields == {"purpose": "y"}
