"""A small page on which the clips of a demo run play; it needs nothing but the files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import islice
from pathlib import Path

import av

from dev.clips import VideoSource

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Seedance demo</title>
<style>
  :root {{ color-scheme: dark; }}
  body {{ margin: 0 auto; padding: 3rem 1.5rem; max-width: 76rem; background: #101318; color: #e6e9ef;
         font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
  h1 {{ margin: 0; font-size: 1.6rem; font-weight: 650; letter-spacing: -.01em; }}
  header p {{ margin: .3rem 0 2rem; color: #98a2b3; }}
  main {{ display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }}
  article {{ overflow: hidden; background: #181d25; border: 1px solid #262d38; border-radius: 14px; }}
  video {{ display: block; width: 100%; aspect-ratio: 16 / 9; background: #000; object-fit: contain; }}
  .about {{ padding: 1rem 1.15rem 1.15rem; }}
  h2 {{ display: flex; gap: .6rem; align-items: center; margin: 0; font-size: 1.05rem; font-weight: 600; }}
  .mode {{ padding: .05rem .6rem; border-radius: 99px; background: #2b2250; color: #c9b8ff; font-size: .78rem;
          font-weight: 500; }}
  .prompt {{ margin: .5rem 0 .8rem; color: #c5ccd8; }}
  dl {{ display: flex; flex-wrap: wrap; gap: .35rem 1.4rem; margin: 0; font-size: .85rem; }}
  dl div {{ display: flex; gap: .4rem; }}
  dt {{ color: #7d8899; }}
  dd {{ margin: 0; font-variant-numeric: tabular-nums; }}
  a {{ color: #9db8ff; }}
</style>
</head>
<body>
<header>
<h1>Seedance demo</h1>
<p>{about}</p>
</header>
<main>
{cards}
</main>
</body>
</html>
"""

_CARD = """\
<article>
<video controls loop preload="metadata" poster="{poster}" src="{file}"></video>
<div class="about">
<h2>{vendor} <span class="mode">{mode}</span></h2>
<p class="prompt">{prompt}</p>
<dl>
{facts}
</dl>
</div>
</article>"""


def write_page(clips: Sequence[VideoSource], folder: Path, *, about: str) -> Path:
    """Write ``index.html`` and a poster per clip into ``folder``, with relative links, and return its path.

    :param clips: their files lie below ``folder``.
    :param about: the sentence under the heading.
    """
    page = folder / "index.html"
    cards = "\n".join(_card(clip, folder.absolute()) for clip in clips)
    page.write_text(_PAGE.format(about=escape(about), cards=cards), encoding="utf-8")
    return page


def _card(clip: VideoSource, folder: Path) -> str:
    file = clip.file.relative_to(folder)
    poster = file.with_suffix(".jpg")
    _save_middle_frame(clip.file, folder / poster)
    return _CARD.format(
        poster=escape(str(poster)),
        file=escape(str(file)),
        vendor=escape(clip.vendor),
        mode=escape(clip.mode.replace("_", " ")),
        prompt=escape(clip.prompt),
        facts="\n".join(
            f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(clip, f"{file}.json")
        ),
    )


def _facts(clip: VideoSource, sidecar_record: str) -> list[tuple[str, str]]:
    return [
        ("Model", escape(clip.model)),
        ("Cost", escape(clip.cost)),
        ("Size", f"{clip.width} × {clip.height}"),
        ("Length", f"{clip.seconds:.2f} s"),
        ("Sound", "yes" if clip.sound else "no"),
        ("File", f"{clip.bytes / 1000:,.0f} kB"),
        ("Story", f'<a href="{escape(sidecar_record)}">JSON</a>'),
    ]


def _save_middle_frame(video: Path, picture: Path) -> None:
    with av.open(str(video)) as container:
        frame = next(islice(container.decode(video=0), container.streams.video[0].frames // 2, None))
    frame.to_image().save(picture, quality=85)  # type: ignore[no-untyped-call]
