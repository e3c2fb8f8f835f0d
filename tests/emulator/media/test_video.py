"""The videos themselves, opened with PyAV."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from airflow_provider_seedance.emulator.media.drawing import Clip
from airflow_provider_seedance.emulator.media.inputs import Picture
from airflow_provider_seedance.emulator.media.samples import SAMPLES
from airflow_provider_seedance.emulator.media.video import render_video


def clip(**fields):
    """A small clip."""
    basics = {
        "vendor": "modelark",
        "model": "m",
        "mode": "text",
        "prompt": "A paper boat",
        "id_suffix": "abcde",
    }
    return Clip(**{**basics, "size": (640, 640), "frames": 49, "audio": False, **fields})


def render(tmp_path, **fields):
    """The bytes of a clip."""
    target = Path(tmp_path, "clip.mp4")
    render_video(clip(**fields), target)
    return target.read_bytes()


def frames_of(content):
    """All frames as pictures."""
    with av.open(io.BytesIO(content)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def distance(one, two):
    """Mean difference of two pictures."""
    first, second = (picture.convert("RGB").resize((64, 64)).tobytes() for picture in (one, two))
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)


@pytest.mark.parametrize("size", [(854, 480), (834, 1112), (1470, 630), (2206, 946)])
def test_size_and_frames_are_exact(size, tmp_path):
    """Sizes that are no multiple of 16, at 24 frames a second, H.264."""
    with av.open(io.BytesIO(render(tmp_path, size=size, frames=25))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (*size, 24.0)
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert sum(1 for _ in container.decode(video=0)) == 25


def test_sound_is_there_when_asked_for(tmp_path):
    """A mono AAC track as long as the picture, or none at all."""
    with av.open(io.BytesIO(render(tmp_path, audio=True))) as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.layout.nb_channels) == ("aac", 1)
        samples = sum(frame.samples for frame in container.decode(audio=0))
        assert samples / sound.rate == pytest.approx(49 / 24, abs=0.05)
    with av.open(io.BytesIO(render(tmp_path, audio=False))) as container:
        assert not container.streams.audio


def test_the_index_comes_first(tmp_path):
    """A player can start before the file is complete."""
    content = render(tmp_path)
    assert content.index(b"moov") < content.index(b"mdat")


def test_equal_clips_have_equal_bytes(tmp_path):
    """A second download, or one after the cache was emptied, can go on where the first one stopped."""
    assert render(tmp_path, audio=True) == render(tmp_path, audio=True)


def test_clips_differ_at_a_glance(tmp_path):
    """Another prompt is another picture and another tone."""
    one, two = render(tmp_path), render(tmp_path, prompt="A volcano erupts")
    assert distance(frames_of(one)[0], frames_of(two)[0]) > 8


def test_the_clock_runs(tmp_path):
    """No two frames are alike."""
    pictures = frames_of(render(tmp_path))
    assert pictures[10].tobytes() != pictures[11].tobytes()


def test_first_and_last_frames_are_shown(tmp_path):
    """The clip opens with the first picture and ends on the last one."""
    roles = {"first_frame": "first.png", "last_frame": "last.png"}
    pictures = tuple(Picture(role, SAMPLES[name].media.load) for role, name in roles.items())
    shown = frames_of(render(tmp_path, size=(1280, 720), pictures=pictures))
    for place, name in ((0, "first.png"), (-1, "last.png")):
        assert distance(shown[place], Image.open(io.BytesIO(SAMPLES[name].media.load()))) < 6
    assert distance(shown[0], shown[24]) > 20


def test_reference_pictures_are_shown(tmp_path):
    """As thumbnails."""
    picture = Picture("reference_image", SAMPLES["reference.png"].media.load)
    with_picture = frames_of(render(tmp_path, pictures=(picture,)))[0]
    assert distance(with_picture, frames_of(render(tmp_path))[0]) > 1


@pytest.mark.parametrize("prompt", ["", "word " * 400, "字" * 300, "x" * 2000])
def test_every_prompt_can_be_drawn(prompt, tmp_path):
    """Empty, long, without spaces, in another script."""
    assert len(frames_of(render(tmp_path, prompt=prompt, frames=2))) == 2


def test_mov_is_another_container(tmp_path):
    """For the models that offer it."""
    content = render(tmp_path, container="mov", frames=5)
    assert content[4:12] == b"ftypqt  "
