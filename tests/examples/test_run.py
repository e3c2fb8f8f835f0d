"""Every example DAG runs with deferral, and what it lands is what it ordered."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from airflow_provider_seedance.core.lifecycle.collect import parse_video
from airflow_provider_seedance.core.polling.finished import FinishedVideo
from airflow_provider_seedance.errors import DeadlinePassed, GenerationFailed, Kind, NoReply, refusal
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime.xcom import error_value
from tests.airflow.film import Film, frames_of, measured
from tests.airflow.fixtures import VENDORS
from tests.airflow.home import EXAMPLES
from tests.core.media.files import image

#: 720p at 16:9.
LARGE = (1280, 720)


@pytest.fixture
def samples(hurried_emulator) -> dict[str, object]:
    """Input media that the emulator serves."""
    return {
        "first_frame": hurried_emulator.sample_url("first.png"),
        "last_frame": hurried_emulator.sample_url("last.png"),
        "images": [hurried_emulator.sample_url("reference.png")],
        "video": hurried_emulator.sample_url("reference.mp4"),
        "audio": hurried_emulator.sample_url("reference.mp3"),
    }


@pytest.mark.parametrize("vendor", VENDORS)
def test_text_to_video(vendor, run_dag, tmp_path) -> None:
    """The same file runs on each vendor by changing only the connection."""
    outcome = run_dag("seedance_text_to_video", seedance_conn_id=f"seedance_{vendor}", output=str(tmp_path))
    assert outcome.state == "success"
    result = outcome.returned["generate"]
    assert result["vendor"] == vendor
    assert result["manifest"]["mismatches"] == []
    (landed,) = tmp_path.glob("*.mp4")
    film = measured(landed)
    assert (film.size, film.frames) == (LARGE, frames_of(5))


def test_image_to_video(run_dag, samples, tmp_path) -> None:
    """One clip from a first frame, one from both ends."""
    outcome = run_dag(
        "seedance_image_to_video", seedance_conn_id="seedance_evolink", output=str(tmp_path), **samples
    )
    assert outcome.state == "success"
    modes = {task: result["mode"] for task, result in outcome.returned.items()}
    assert modes == {"from_first_frame": "first_frame", "from_first_to_last_frame": "first_last_frame"}
    (first,) = tmp_path.glob("first-t*.mp4")
    (both,) = tmp_path.glob("first-last-*.mp4")
    assert measured(first).frames == frames_of(5)
    assert measured(both).frames == frames_of(6)


def test_multimodal_reference(run_dag, samples, tmp_path) -> None:
    """Pictures, a film and a sound, as lists that templates turned into text."""
    outcome = run_dag(
        "seedance_multimodal_reference", seedance_conn_id="seedance_toapis", output=str(tmp_path), **samples
    )
    assert outcome.state == "success"
    assert outcome.returned["generate"]["mode"] == "reference"
    (landed,) = tmp_path.glob("*.mp4")
    film = measured(landed)
    assert (film.frames, film.sound) == (frames_of(8), True)


def test_second_chance(run_dag, hurried_emulator, tmp_path) -> None:
    """The first vendor has no money left, the second rejects the first wording; one video is paid for."""
    hurried_emulator.add_fault(vendor="modelark", on="create", kind="status", status=403, times=None)
    outcome = run_dag(
        "seedance_second_chance",
        prompt="[emulator:moderation] A stuntman falls",
        output=str(tmp_path),
    )
    assert outcome.state == "success"
    result = outcome.returned["generate"]
    assert [attempt["status"] for attempt in result["attempts"]][-1] == "succeeded"
    assert (result["vendor"], result["attempts"][-1]["rung"]) == ("evolink", 3)
    assert sum(entry["billed"] for entry in hurried_emulator.ledger()["generations"]) == 1


def test_full_pipeline(run_dag, hurried_emulator, tmp_path) -> None:
    """Generated, landed and published, with the story beside the video."""
    outcome = run_dag(
        "seedance_full_pipeline",
        seedance_conn_id="seedance_anyfast",
        landing=str(tmp_path / "landing"),
        public=str(tmp_path / "public"),
        prompt="An otter on its back",
    )
    assert outcome.state == "success"
    record = outcome.returned["publish"]
    assert record["published"]
    assert measured(record["uri"]) == Film(LARGE, frames_of(5), sound=True)
    sidecar_record = json.loads(Path(record["sidecar_uri"]).read_text())
    assert sidecar_record["metadata"]["title"] == "An otter on its back"
    assert hurried_emulator.ledger()["creates_received"] == 1


def test_chained_shots(run_dag, hurried_emulator, tmp_path) -> None:
    """Each shot begins with the picture that the one before ended with."""
    outcome = run_dag("seedance_chained_shots", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    assert outcome.state == "success"
    assert {path.stem for path in tmp_path.glob("*/*.mp4")} == {"shot-1", "shot-2", "shot-3"}
    assert [measured(path).frames for path in tmp_path.glob("*/*.mp4")] == [frames_of(5)] * 3
    modes = [entry["mode"] for entry in hurried_emulator.ledger()["generations"]]
    assert sorted(modes) == ["first_frame", "first_frame", "text"]


def test_demo(run_dag, hurried_emulator, tmp_path) -> None:
    """Four modes through four vendors in one run."""
    samples = hurried_emulator.sample_url("").rstrip("/")
    outcome = run_dag("seedance_demo", output=str(tmp_path), samples=samples)
    assert outcome.state == "success"
    published = list((tmp_path / "published").glob("*.mp4"))
    assert {path.stem.partition("-")[0] for path in published} == set(VENDORS)
    assert all(measured(path).sound for path in published)


def test_demo_paid(run_dag, tmp_path) -> None:
    """A single clip through the default connection, within its budget."""
    outcome = run_dag("seedance_demo_paid", output=str(tmp_path), max_cost="5 USD")
    assert outcome.state == "success"
    (published,) = (tmp_path / "published").glob("paid-*.mp4")
    assert measured(published).frames == frames_of(5)


def test_rescue(run_dag, hurried_emulator, tmp_path) -> None:
    """What was bought and never landed comes home."""
    request = GenerationRequest(prompt="A fox", duration=4, resolution="480p", aspect_ratio="16:9")
    lost = SeedanceHook("seedance_modelark").create_generation(request).generation_id
    hurried_emulator.advance(20_000)
    outcome = run_dag("seedance_rescue", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    assert outcome.state == "success"
    assert measured(tmp_path / f"{lost}.mp4").frames == frames_of(4)


def test_batch(run_dag, hurried_emulator, tmp_path) -> None:
    """Each row of the sample has its video and its line in the results; a bad one would have cost nothing."""
    outcome = run_dag("seedance_batch", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    assert outcome.state == "success"
    summary = outcome.returned["generate"]
    assert summary["counts"]["succeeded"] == 3
    lines = [json.loads(line) for line in Path(summary["results"]).read_text().splitlines()]
    assert [line["metadata"]["sku"] for line in lines] == ["MUG-01", "SHOE-07", "LAMP-12"]
    films = [measured(line["uri"]) for line in lines]
    assert [film.frames for film in films] == [frames_of(5), frames_of(4), frames_of(5)]
    assert [film.size[0] > film.size[1] for film in films] == [True, False, False]
    assert len({line["generation_id"] for line in lines}) == 3
    assert hurried_emulator.ledger()["creates_received"] == 3


def test_product_clips(run_dag, hurried_emulator, bucket, tmp_path) -> None:
    """Each picture of a folder in S3 is uploaded, and is the first frame of a clip, which is landed in S3."""
    for name, width in (("lamp.png", 640), ("mug.png", 641)):
        bucket.put(f"products/{name}", image(width))
    bucket.put("products/prices.csv", b"mug,12")
    outcome = run_dag(
        "seedance_product_clips",
        seedance_conn_id="seedance_evolink",
        pictures=bucket.uri("products"),
        output=bucket.uri("clips"),
    )
    assert outcome.state == "success"
    for number, key in enumerate(key for key in bucket.names() if key.endswith(".mp4")):
        (tmp_path / f"{number}.mp4").write_bytes(bucket.read(bucket.uri(key)))
    assert [measured(path).frames for path in tmp_path.glob("*.mp4")] == [frames_of(4)] * 2
    modes = [entry["mode"] for entry in hurried_emulator.ledger()["generations"]]
    assert modes == ["first_frame"] * 2


def test_cast(run_dag, hurried_emulator, tmp_path) -> None:
    """Two assets are made once, and are in each of three shots."""
    for name, width in (("anna", 640), ("ben", 641)):
        (tmp_path / f"{name}.png").write_bytes(image(width))
    outcome = run_dag(
        "seedance_cast",
        seedance_conn_id="seedance_anyfast",
        pictures=str(tmp_path),
        output=str(tmp_path / "shots"),
    )
    assert outcome.state == "success"
    assert [outcome.returned[name]["status"] for name in ("anna", "ben")] == ["active"] * 2
    assert len(list((tmp_path / "shots").glob("*.mp4"))) == 3
    assert hurried_emulator.ledger()["creates_received"] == 3


def test_storyboard(run_dag, hurried_emulator, monkeypatch, tmp_path) -> None:
    """The second night pays for the shot that has changed, and no more."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    for shots in (["A kite", "A harbour"], ["A kite at dusk", "A harbour"]):
        outcome = run_dag(
            "seedance_storyboard", seedance_conn_id="seedance_modelark", output=str(tmp_path), shots=shots
        )
        assert outcome.returned["shots"]["counts"]["succeeded"] == 2
    assert hurried_emulator.ledger()["creates_received"] == 3


def test_taskflow(run_dag, hurried_emulator, tmp_path) -> None:
    """A function writes the request of each mapped shot, which is called by its prompt."""
    places = ["a wood", "a town"]
    outcome = run_dag(
        "seedance_taskflow", seedance_conn_id="seedance_modelark", output=str(tmp_path), places=places
    )
    assert outcome.state == "success"
    assert [measured(path).frames for path in tmp_path.glob("*.mp4")] == [frames_of(4)] * 2
    prompts = {entry["prompt"] for entry in hurried_emulator.ledger()["generations"]}
    assert prompts == {f"A fox looks around in {place}, slow push in" for place in places}
    assert outcome.labels["shot"] == prompts


def test_campaign(run_dag, hurried_emulator, tmp_path) -> None:
    """A mapped task group publishes a clip for each line."""
    outcome = run_dag(
        "seedance_campaign",
        seedance_conn_id="seedance_modelark",
        output=str(tmp_path),
        scenes=["A lamp", "A mug"],
    )
    assert outcome.state == "success"
    assert len(list((tmp_path / "public").glob("*.mp4"))) == 2
    assert outcome.labels["clip.video.generate"] == {"A lamp", "A mug"}


def test_wait_for(run_dag, hurried_emulator, tmp_path) -> None:
    """What somebody else has bought is landed, and nothing is bought."""
    request = GenerationRequest(prompt="A fox", duration=4, resolution="480p", aspect_ratio="16:9")
    bought = SeedanceHook("seedance_modelark").create_generation(request).generation_id
    outcome = run_dag(
        "seedance_wait_for",
        seedance_conn_id="seedance_modelark",
        output=str(tmp_path),
        generation_id=bought,
    )
    assert outcome.state == "success"
    assert measured(tmp_path / f"{bought}.mp4").frames == frames_of(4)
    assert hurried_emulator.ledger()["creates_received"] == 1


def test_on_video(dags, run_dag) -> None:
    """Each event of the watcher names a video for the download task; a run by hand has nothing to do."""
    payload = FinishedVideo("modelark", "cgt-1", "seedance-2.0", 0.0).to_payload("seedance_modelark")
    events = {"a": [SimpleNamespace(extra={"from_trigger": True, "payload": payload})]}
    found = dags["seedance_on_video"].get_task("finished").python_callable(triggering_asset_events=events)
    assert parse_video(found[0])[1] == "cgt-1"
    assert run_dag("seedance_on_video").returned["finished"] == []


def test_every_example_is_run_here(dags) -> None:
    """A new example needs a test of its own."""
    examples = {dag_id for dag_id, dag in dags.items() if Path(dag.fileloc).parent == EXAMPLES}
    assert examples == {
        "seedance_text_to_video",
        "seedance_image_to_video",
        "seedance_multimodal_reference",
        "seedance_full_pipeline",
        "seedance_after_publishing",  # runs in the real stack, started by its asset
        "seedance_batch",
        "seedance_cast",
        "seedance_chained_shots",
        "seedance_demo",
        "seedance_demo_paid",
        "seedance_on_video",
        "seedance_product_clips",
        "seedance_rescue",
        "seedance_second_chance",
        "seedance_when_it_fails",
        "seedance_campaign",
        "seedance_storyboard",
        "seedance_taskflow",
        "seedance_wait_for",
        "seedance_with_approval",  # runs in the real stack, where somebody answers
    }


#: A failure that neither a retry nor another prompt surely mends.
REJECTED = {
    "object": "generation.task",
    "model": "seedance-2-0",
    "status": "failed",
    "error": {"code": "generation_failed", "message": "the model gave up"},
}


@pytest.mark.parametrize(
    ("fault", "made_by", "creates"),
    [
        ({"on": "create", "kind": "moderation"}, "generate_rewritten", 1),
        # Seen by the trigger, and by the worker that it resumes.
        ({"on": "get", "kind": "reply", "body": REJECTED, "times": 2}, "generate_again", 2),
    ],
    ids=["moderation", "another reason"],
)
def test_when_it_fails(fault, made_by, creates, run_dag, hurried_emulator, tmp_path) -> None:
    """One video, made by the task that the error leads to."""
    hurried_emulator.add_fault(**fault)
    outcome = run_dag("seedance_when_it_fails", seedance_conn_id="seedance_toapis", output=str(tmp_path))
    assert outcome.state == "success", outcome.states
    makers = [name for name in outcome.states if name.startswith("generate") and outcome.returned[name]]
    assert makers == [made_by]
    (landed,) = tmp_path.glob("*.mp4")
    assert outcome.returned["report"] == str(landed)
    assert len(hurried_emulator.ledger()["generations"]) == creates


@pytest.mark.parametrize(
    ("error", "task"),
    [
        (None, "report"),
        (refusal(Kind.MODERATION, "no"), "rewrite_prompt"),
        (refusal(Kind.BALANCE, "no"), "notify"),
        (NoReply("sent, and no answer"), "notify"),
        (GenerationFailed("no", kind=Kind.OVERLOAD, generation_id="g"), "generate_again"),
        (DeadlinePassed("not yet", generation_id="g"), "generate_again"),
    ],
    ids=str,
)
def test_where_each_error_leads(error, task, dags) -> None:
    """What may have been bought unseen is for people."""
    choose = dags["seedance_when_it_fails"].get_task("choose").python_callable
    assert choose(error and error_value(error)) == task
