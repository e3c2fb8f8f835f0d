"""The fixtures for users' tests: they are switched on as a user does it, and each does what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.errors import (
    MalformedReply,
    ModerationRefused,
    NoReply,
    SeedanceError,
    VendorUnavailable,
)
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest, Status
from airflow_provider_seedance.testing import (
    VendorClock,
    VendorFaults,
    VendorLedger,
    seedance_connection,
    seedance_emulator,
    vendor_clock,
    vendor_faults,
    vendor_ledger,
)

__all__ = ["seedance_connection", "seedance_emulator", "vendor_clock", "vendor_faults", "vendor_ledger"]

REQUEST = GenerationRequest(prompt="A kite", duration=5, resolution="480p")
Connect = Callable[..., str]


@pytest.fixture
def hook(seedance_connection: Connect) -> SeedanceHook:
    return SeedanceHook(seedance_connection("evolink"))


@pytest.mark.parametrize("vendor", ["modelark", "evolink", "anyfast", "toapis"])
def test_a_connection_leads_to_its_vendor(
    vendor: str,
    seedance_connection: Connect,
    vendor_ledger: VendorLedger,
) -> None:
    """What is bought there stands in the ledger."""
    before = vendor_ledger.generations
    bought = SeedanceHook(seedance_connection(vendor)).create_generation(REQUEST)
    (entry,) = vendor_ledger.generations
    assert before == []
    assert (entry.vendor, entry.generation_id, entry.prompt) == (vendor, bought.generation_id, "A kite")


def test_a_connection_takes_an_id_a_key_and_an_extra(seedance_connection: Connect) -> None:
    """Any field of the connection's extra may be given."""
    conn_id = seedance_connection("modelark", conn_id="film", password="sk-empty", region="cn-beijing")
    account = SeedanceHook("film").get_account()
    assert conn_id == "film"
    assert (account.api_key, account.region) == ("sk-empty", "cn-beijing")


def test_the_clock_finishes_and_bills(
    hook: SeedanceHook,
    vendor_clock: VendorClock,
    vendor_ledger: VendorLedger,
) -> None:
    """Vendor time that stands still moves on demand."""
    vendor_clock.set_rate(0)
    generation = hook.create_generation(REQUEST)
    started = vendor_clock.now()
    assert vendor_ledger.billed == []
    vendor_clock.advance(30, minutes=4, hours=1)
    assert vendor_clock.now() == started + 3870
    (billed,) = vendor_ledger.billed
    assert (billed.generation_id, billed.status) == (generation.generation_id, "succeeded")
    assert billed.amount > 0


@pytest.mark.parametrize(
    ("strike", "error", "bought"),
    [
        (lambda faults: faults.refuse_by_moderation(), ModerationRefused, 0),
        (lambda faults: faults.lose_request(), NoReply, 0),
        (lambda faults: faults.lose_reply(), NoReply, 1),
        (lambda faults: faults.answer_with_status(503), VendorUnavailable, 0),
        (lambda faults: faults.answer_with_page("create"), MalformedReply, 1),
    ],
)
def test_faults_of_a_create(
    strike: Callable[[VendorFaults], None],
    error: type[SeedanceError],
    bought: int,
    hook: SeedanceHook,
    vendor_faults: VendorFaults,
    vendor_ledger: VendorLedger,
) -> None:
    """The next one fails as asked for, one after it succeeds; what was accepted is known to the ledger."""
    strike(vendor_faults)
    with pytest.raises(error):
        hook.create_generation(REQUEST)
    assert len(vendor_ledger.generations) == bought
    hook.create_generation(REQUEST)
    assert vendor_ledger.creates_received == 2


def test_a_rate_limit_is_waited_for(
    hook: SeedanceHook,
    vendor_faults: VendorFaults,
    vendor_ledger: VendorLedger,
) -> None:
    """As long as the vendor says."""
    vendor_faults.limit_rate(retry_after=0)
    hook.create_generation(REQUEST)
    assert (vendor_ledger.creates_received, len(vendor_ledger.generations)) == (2, 1)


@pytest.mark.parametrize(
    ("strike", "status"),
    [
        (lambda faults: faults.fail_generation(), Status.FAILED),
        (lambda faults: faults.never_finish(), Status.QUEUED),
        (lambda faults: faults.fail_generation(vendor="toapis"), Status.SUCCEEDED),
        (lambda faults: (faults.fail_generation(times=None), faults.clear()), Status.SUCCEEDED),
    ],
)
def test_faults_of_a_generation(
    strike: Callable[[VendorFaults], None],
    status: Status,
    hook: SeedanceHook,
    vendor_faults: VendorFaults,
    vendor_clock: VendorClock,
) -> None:
    """They strike the vendor that they name, until they are cleared."""
    strike(vendor_faults)
    generation = hook.create_generation(REQUEST)
    vendor_clock.advance(hours=2)
    assert hook.get_generation(generation.generation_id).status is status


def test_a_cut_download_and_late_replies(
    hook: SeedanceHook,
    vendor_faults: VendorFaults,
    vendor_clock: VendorClock,
    tmp_path: Path,
) -> None:
    """What goes wrong after the generation is done is repeated until the file is whole."""
    generation = hook.create_generation(REQUEST)
    vendor_clock.advance(hours=2)
    vendor_faults.delay_reply(0.01, times=None)
    vendor_faults.cut_download()
    manifest = hook.download_video(generation.generation_id, str(tmp_path / "kite.mp4"))
    assert (tmp_path / "kite.mp4").stat().st_size == manifest["bytes"]


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """A folder with a user's test in it, which needs no Airflow."""
    pytester.makepyfile(
        """
        def test_it(seedance_emulator, vendor_ledger):
            assert vendor_ledger.creates_received == 0
            seedance_emulator.add_fault(on="create", kind="fail", times=None)
        test_again = test_it
        """
    )
    return pytester


def test_an_option_switches_it_on(inner: pytest.Pytester) -> None:
    """``-p airflow_provider_seedance.testing``."""
    inner.runpytest("-p", "airflow_provider_seedance.testing").assert_outcomes(passed=2)


def test_a_conftest_switches_it_on(inner: pytest.Pytester) -> None:
    """``pytest_plugins`` in the topmost ``conftest.py``."""
    inner.makeconftest('pytest_plugins = ["airflow_provider_seedance.testing"]')
    inner.runpytest().assert_outcomes(passed=2)


def test_it_is_off_unless_switched_on(inner: pytest.Pytester) -> None:
    """Installing the package changes nobody's test run."""
    inner.runpytest_subprocess().assert_outcomes(errors=2)


def test_a_missing_extra_is_named(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setattr("airflow_provider_seedance.emulator.installation.find_spec", lambda name: None)
    result = inner.runpytest("-p", "airflow_provider_seedance.testing")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*pip install 'airflow-provider-seedance[[]emulator[]]'*"])
