"""Drawing the frames of a video with Pillow: a coloured background, the prompt, input images and a running clock."""

from __future__ import annotations

import colorsys
import hashlib
import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from airflow_provider_seedance.emulator.media.inputs import IMAGE_FORMATS, Picture

FPS = 24

_WHITE = (245, 245, 240)
_PANEL = (18, 18, 18)
_INK = 225
_SHADE = 52
_WIDE_FONTS = ("NotoSansCJK-Regular.ttc", "PingFang.ttc", "msyh.ttc", "DejaVuSans.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Clip:
    """Everything that a finished video depends on. Equal clips give equal files, byte by byte."""

    vendor: str
    model: str
    mode: str
    prompt: str
    id_suffix: str
    size: tuple[int, int]
    frames: int
    audio: bool
    container: str = "mp4"
    pictures: tuple[Picture, ...] = ()

    @property
    def digest(self) -> bytes:
        """A hash from which the colours and the tone are chosen, so that clips differ."""
        return hashlib.sha256(
            f"{self.vendor}\n{self.model}\n{self.prompt}\n{self.id_suffix}".encode()
        ).digest()


def decode_image(content: bytes) -> Image.Image:
    """Decode an image file."""
    return Image.open(io.BytesIO(content), formats=IMAGE_FORMATS).convert("RGB")


class Scene:
    """The layout of one clip. All lengths are fractions of the shorter side, so every format looks alike."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._width, self._height = clip.size
        self._unit = min(clip.size) / 24
        self._clock_font = _font(2.0 * self._unit)
        margin = 1.6 * self._unit
        clock_top = self._height - margin - 3.1 * self._unit
        self._clock_box = (margin, clock_top, margin + 9.4 * self._unit, clock_top + 2.9 * self._unit)
        self._bar_box = (0, self._height - 0.5 * self._unit, self._width, self._height)
        self._margin = margin
        self.still = self._draw_still()

    def draw_moving_parts(self, luma: Image.Image, number: int) -> None:
        """Draw the clock and the progress bar of one frame; both are grey, so the luma plane is enough."""
        draw = ImageDraw.Draw(luma)
        left, top, right, bottom = self._clock_box
        draw.text(
            ((left + right) / 2, (top + bottom) / 2), _time(number), _INK, self._clock_font, anchor="mm"
        )
        left, top, right, bottom = self._bar_box
        done = left + (right - left) * (number + 1) / self._clip.frames
        draw.rectangle((left, top, done, bottom), fill=_INK)

    def _draw_still(self) -> Image.Image:
        picture = _background(self._clip.digest, self._clip.size)
        draw = ImageDraw.Draw(picture)
        draw.rounded_rectangle(self._clock_box, radius=0.6 * self._unit, fill=_PANEL)
        draw.rectangle(self._bar_box, fill=_PANEL)
        self._draw_heading(draw)
        self._draw_prompt(draw, below=self._draw_references(picture))
        return picture

    def _draw_heading(self, draw: ImageDraw.ImageDraw) -> None:
        clip, unit, margin = self._clip, self._unit, self._margin
        draw.text((margin, margin), clip.vendor, _WHITE, _font(1.7 * unit))
        draw.text((margin, margin + 2.2 * unit), f"{clip.model}  ·  {clip.mode}", _WHITE, _font(0.95 * unit))
        corner = (self._width - margin, self._clock_box[3])
        label = f"{self._width} x {self._height}\n…{clip.id_suffix}"
        draw.multiline_text(corner, label, _WHITE, _font(0.85 * unit), anchor="rd", align="right")

    def _draw_references(self, picture: Image.Image) -> float:
        """Draw the reference images in a row below the heading; returns the y position below them."""
        top = self._margin + 4.4 * self._unit
        side = int(4.6 * self._unit)
        shown = [p for p in self._clip.pictures if p.role == "reference_image"]
        room = int((self._width - 2 * self._margin) // (side + self._unit))
        for place, reference in enumerate(shown[:room]):
            thumbnail = ImageOps.expand(ImageOps.fit(decode_image(reference.load()), (side, side)), 2, _WHITE)
            picture.paste(thumbnail, (int(self._margin + place * (side + self._unit)), int(top)))
        return top + side + 0.6 * self._unit if shown else top

    def _draw_prompt(self, draw: ImageDraw.ImageDraw, below: float) -> None:
        width = self._width - 2 * self._margin
        above = self._clock_box[1] - 0.8 * self._unit
        for scale in (1.9, 1.5, 1.2, 0.95):
            font = _font(scale * self._unit, self._clip.prompt)
            text = _wrapped(draw, self._clip.prompt, font, width)
            box = draw.multiline_textbbox((0, 0), text, font)
            if box[3] <= above - below:
                break
        else:
            lines = max(1, int((above - below) // (1.25 * scale * self._unit)))
            text = "\n".join(text.split("\n")[:lines])
        middle = (self._width / 2, (below + above) / 2)
        draw.multiline_text(middle, text, _WHITE, font, anchor="mm", align="center", spacing=0.3 * self._unit)


def _time(number: int) -> str:
    return f"{number // FPS // 60:02d}:{number // FPS % 60:02d}.{number % FPS:02d}"


def _background(digest: bytes, size: tuple[int, int]) -> Image.Image:
    """A slanted gradient with a few blurred discs."""
    hue = digest[1] / 256
    dark, light = _colour(hue, 0.62, 0.24), _colour(hue + 0.07 + digest[2] / 1400, 0.58, 0.55)
    slope = Image.linear_gradient("L").rotate(20 + digest[3] / 3, Image.Resampling.BILINEAR)
    slope = slope.crop((50, 50, 206, 206)).resize(size, Image.Resampling.BICUBIC)
    picture = ImageOps.colorize(slope, dark, light)
    chance = random.Random(digest)
    small = (size[0] // 4, size[1] // 4)
    glow = Image.new("L", small, 0)
    draw = ImageDraw.Draw(glow)
    for _ in range(5):
        x, y = chance.uniform(0, small[0]), chance.uniform(0, small[1])
        radius = chance.uniform(0.08, 0.3) * min(small)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_SHADE)
    glow = glow.filter(ImageFilter.GaussianBlur(min(small) / 90)).resize(size, Image.Resampling.BILINEAR)
    picture.paste(_colour(hue + 0.14, 0.35, 0.95), (0, 0), glow)
    return picture


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(255 * red), int(255 * green), int(255 * blue)


def _font(size: float, text: str = "") -> Font:
    if text and not text.isascii():
        for name in _WIDE_FONTS:
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: Font, width: float) -> str:
    """Break lines at spaces, or anywhere if the text has none."""
    lines, line = [], ""
    for word in text.split() if " " in text else list(text):
        longer = f"{line} {word}" if line and " " in text else line + word
        if line and draw.textlength(longer, font) > width:
            lines.append(line)
            longer = word
        line = longer
    return "\n".join([*lines, line])
