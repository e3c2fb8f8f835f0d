"""Replies as bytes."""

from __future__ import annotations

import itertools

import pytest

from airflow_provider_seedance.emulator.simulation.replies import Reply


@pytest.mark.parametrize(
    ("reply", "head"),
    [
        (Reply(), "200 OK|content-length: 0|connection: close"),
        (
            Reply(404, body=b"x", repeat=3),
            "404 Not Found|content-type: text/plain; charset=utf-8|content-length: 3|connection: close",
        ),
        (Reply(599, {"Connection": None, "Content-Length": None}), "599 Unknown"),
        (
            Reply(302, {"Content-Length": "7", "Set-Cookie": ["a=1", "b=2"]}),
            "302 Found|connection: close|Content-Length: 7|Set-Cookie: a=1|Set-Cookie: b=2",
        ),
        (Reply(200, {"Transfer-Encoding": "chunked"}), "200 OK|connection: close|Transfer-Encoding: chunked"),
    ],
)
def test_the_head_is_what_was_ordered(reply, head):
    """Headers that were given replace those that would be added, and null takes one away."""
    assert reply.head().decode() == f"HTTP/1.1 {head}||".replace("|", "\r\n")


@pytest.mark.parametrize(
    ("cut", "expected"), [(None, b"abcabcabc"), (0, b""), (4, b"abca"), (99, b"abcabcabc")]
)
def test_the_body_is_repeated_and_cut(cut, expected):
    """``cut`` counts bytes of what ``repeat`` makes."""
    assert b"".join(Reply(body=b"abc", repeat=3, cut=cut).blocks()) == expected


def test_an_endless_body_takes_no_memory():
    """Only a block of it exists at a time."""
    reply = Reply(body=b"abc", repeat=10**12)
    assert reply.size == 3 * 10**12
    first, second = itertools.islice(reply.blocks(), 2)
    assert (first + second).count(b"abc") * 3 == len(first + second) < 200_000
