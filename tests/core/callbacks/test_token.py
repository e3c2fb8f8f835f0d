"""The token in a callback URL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.callbacks.token import MAX_TOKEN_LENGTH, CallbackTarget, CallbackTokens

TARGET = CallbackTarget(
    "shots", "manual__2026-11-28", "generate", -1, "sd-0123456789abcdef-1", "seedance_default"
)
TOKENS = CallbackTokens(["a secret"])


@pytest.mark.parametrize(
    "target",
    [
        TARGET,
        replace(TARGET, map_index=999),
        replace(TARGET, dag_id="影片", run_id="läuft/\0", task_id="té.st"),
        CallbackTarget("", "", "", 0, "", ""),
    ],
)
def test_it_comes_back_as_it_was(target: CallbackTarget) -> None:
    """Whatever the names are; in a URL it needs no escapes."""
    token = TOKENS.seal(target)
    assert TOKENS.open(token) == target
    assert token.replace("-", "").replace("_", "").isalnum()


def test_it_is_the_same_each_time_and_another_for_each_intent() -> None:
    """A create that is sent again names the same URL."""
    others = [
        replace(TARGET, intent_id="sd-2"),
        replace(TARGET, map_index=0),
        replace(TARGET, task_id="other"),
    ]
    tokens = [TOKENS.seal(target) for target in (TARGET, *others)]
    assert tokens[0] == CallbackTokens(["a secret"]).seal(TARGET)
    assert len(set(tokens)) == 4


def test_it_tells_nothing() -> None:
    """The vendor and its logs see no name of a DAG, a task or a connection."""
    token = TOKENS.seal(TARGET)
    assert not any(name in token for name in ("shots", "generate", "seedance", "manual"))


def test_names_of_the_longest_kind_fit_into_a_url() -> None:
    """Airflow allows 250 characters each."""
    longest = [("abcdefghij0123456789_-." * 11)[at : at + 250] for at in (0, 1, 2)]
    assert len(TOKENS.seal(CallbackTarget(*longest, 1023, "sd-" + "f" * 22 + "-1", "c" * 200))) < 1900


def test_a_replaced_secret_is_taken_for_a_while() -> None:
    """The first makes tokens, all read them."""
    rotated = CallbackTokens(["a new secret", "a secret"])
    assert rotated.open(TOKENS.seal(TARGET)) == TARGET
    assert TOKENS.open(rotated.seal(TARGET)) is None


@pytest.mark.parametrize("at", [0, 7, 40, -2])
def test_a_changed_token_is_nobodys(at: int) -> None:
    """Each character counts."""
    token = TOKENS.seal(TARGET)
    changed = list(token)
    changed[at] = "A" if changed[at] != "A" else "B"
    assert TOKENS.open("".join(changed)) is None


@pytest.mark.parametrize("spelled", ["{}=", "{}==", " {}", "{}\n", "{}A", "{}%", "/{}"])
def test_a_token_has_one_spelling(spelled: str) -> None:
    """Base64 decoders overlook much."""
    assert TOKENS.open(spelled.format(TOKENS.seal(TARGET))) is None


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text("abcABC019-_=", max_size=400)))
def test_no_text_is_one(text: str) -> None:
    """And none makes it fail."""
    assert TOKENS.open(text) is None


def test_a_text_of_any_length_is_refused_at_once() -> None:
    """Before it is decoded."""
    assert TOKENS.open("A" * (MAX_TOKEN_LENGTH + 1)) is None
