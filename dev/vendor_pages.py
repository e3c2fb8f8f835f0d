"""Writes what the catalog and the code say of each vendor into its page in ``docs/``: ``python -m dev.vendor_pages``.

``tests/dev/test_vendor_pages.py`` holds the pages to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.files import vendor_data
from airflow_provider_seedance.core.catalog.schema import (
    Bounds,
    Condition,
    Factor,
    MediaKind,
    MediaLimits,
    Price,
    Row,
)
from airflow_provider_seedance.core.catalog.values import describe_values
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import Vendor
from airflow_provider_seedance.models import GenerationRequest, Mode
from dev.generated import with_generated
from dev.support import VENDORS, differing_parameters, markdown_table

DOCS = Path(__file__).resolve().parent.parent / "docs"
COMMAND = "python -m dev.vendor_pages"
MOVING = "moving.md"
_KINDS: tuple[MediaKind, ...] = ("image", "video", "audio")
_RESOLUTIONS = ("480p", "720p", "1080p", "2k", "4k")
_FORMS = {"url": "a link", "data": "inside the request", "asset": "an asset"}
_UNITS = {"million_tokens": "a million tokens", "second": "a second"}


def pages() -> dict[str, str]:
    """The generated part of each page, by its file's name."""
    return {
        **{f"{vendor}.md": vendor_part(vendor) for vendor in VENDORS},
        MOVING: markdown_table(_compared()),
    }


def with_part(page: str, part: str) -> str:
    """The page, with its generated part renewed."""
    return with_generated(page, COMMAND, part)


def vendor_part(name: str) -> str:
    """What one vendor has, its models, what they take of media, and the prices."""
    sections = {
        "What it has": markdown_table(_abilities([name])),
        "Models": markdown_table(_models(name)),
        "Media": markdown_table(_media(name)),
        "Prices": _prices(name),
    }
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())


def _compared() -> Iterator[Sequence[str]]:
    """What not all vendors have."""
    yield from _abilities(VENDORS)
    families = {vendor: {row.family for row in vendor_data(vendor).rows} for vendor in VENDORS}
    for family in sorted(set().union(*families.values())):
        cells = [_yes(family in families[vendor]) for vendor in VENDORS]
        if "–" in cells:
            yield f"`{family}`", *cells
    yield from differing_parameters()


def _abilities(vendors: Sequence[str]) -> Iterator[Sequence[str]]:
    yield "", *vendors
    for ability, tell in ABILITIES.items():
        yield ability, *(tell(load_vendor(vendor)) for vendor in vendors)


def _yes(value: object) -> str:
    return "yes" if value else "–"


def _finding(vendor: Vendor) -> str:
    if vendor.generations.find:
        return "for sure, by a mark"
    return "by comparing the list" if vendor.generations.matches else "–"


def _callbacks(vendor: Vendor) -> str:
    if vendor.callbacks is None:
        return "–"
    return "signed" if vendor.callbacks.verify else "unsigned"


#: What a vendor may have beside generating, and how its code tells.
ABILITIES: Mapping[str, Callable[[Vendor], str]] = {
    "finding the generation of a lost answer": _finding,
    "cancelling what is queued": lambda vendor: _yes(vendor.generations.cancel),
    "reading many generations at once": lambda vendor: _yes(vendor.listing),
    "callbacks": _callbacks,
    "telling the balance": lambda vendor: _yes(vendor.account.balance),
    "a file service": lambda vendor: _yes(vendor.files),
    "an asset library": lambda vendor: _yes(vendor.assets),
    "checks of real persons": lambda vendor: _yes(vendor.assets and vendor.assets.persons),
}


def _models(vendor: str) -> Iterator[Sequence[str]]:
    yield "model", "the vendor's id", "modes", "duration (s)", "resolution", "as of"
    for row in sorted(vendor_data(vendor).rows, key=lambda row: row.family):
        duration, resolution = (describe_values(row.options[name]) for name in ("duration", "resolution"))
        modes = ", ".join(mode.value for mode in row.modes)
        yield f"`{row.family}`", _ids(row), modes, duration, resolution, str(row.checked)


def _ids(row: Row) -> str:
    return "<br>".join(f"`{name}`" for name in dict.fromkeys(row.ids.values()))


def _media(vendor: str) -> Iterator[Sequence[str]]:
    """Each kind of medium, with the models that take it alike on one line."""
    yield "medium", "models", "references at most", "given as", "formats", "limits of each"
    for kind in _KINDS:
        alike: dict[Sequence[str], list[str]] = {}
        for row in _rows_with_most_media(vendor):
            if cells := _medium(row, kind):
                alike.setdefault(cells, []).append(row.family.removeprefix("seedance-"))
        for cells, families in alike.items():
            yield kind, ", ".join(families), *cells


def _rows_with_most_media(vendor: str) -> list[Row]:
    """One row for each model, since a vendor may have an id of its own for each mode."""
    rows = sorted(vendor_data(vendor).rows, key=lambda row: (row.references.image, len(row.modes)))
    return [row for _, row in sorted({row.family: row for row in rows}.items())]


def _medium(row: Row, kind: MediaKind) -> Sequence[str]:
    """What a model takes of a kind; nothing, if it takes none."""
    count = getattr(row.references, kind)
    frames = kind == "image" and bool({Mode.FIRST_FRAME, Mode.FIRST_LAST_FRAME} & set(row.modes))
    if not count and not frames:
        return ()
    limits = row.media_limits.get(kind, MediaLimits())
    forms = ", ".join(_FORMS[form] for form in row.media.get(kind, ()) if form in _FORMS)
    return str(count or "frames only"), forms, ", ".join(limits.formats), _limits(limits)


def _limits(limits: MediaLimits) -> str:
    words = {
        "bytes": (1e6, "MB"),
        "side": (1, "pixels a side"),
        "ratio": (1, "width by height"),
        "pixels": (1, "pixels a frame"),
        "seconds": (1, "s each"),
        "total_seconds": (1, "s together"),
        "fps": (1, "frames a second"),
    }
    return "; ".join(
        f"{_range(bounds, words[quantity][0])} {words[quantity][1]}"
        for quantity, bounds in limits.bounds.items()
    )


def _range(bounds: Bounds, unit: float) -> str:
    least, most = (None if value is None else f"{value / unit:,.10g}" for value in (bounds.min, bounds.max))
    return f"{least} to {most}" if least and most else f"at most {most}" if most else f"at least {least}"


def _prices(vendor: str) -> str:
    prices = vendor_data(vendor).prices
    if not prices:
        return "The catalog has none: the vendor publishes none that were found."
    sources = list(dict.fromkeys(price.source for price in prices))
    listed = "\n".join(f"{number}. {_with_links(source)}" for number, source in enumerate(sources, 1))
    return "\n\n".join(
        [
            "What five seconds cost at most, in 16:9 and without a video as input:",
            markdown_table(_examples(vendor)),
            "The price list:",
            markdown_table(_price_list(prices, sources)),
            f"Sources:\n\n{listed}",
        ]
    )


def _examples(vendor: str) -> Iterator[Sequence[str]]:
    data = vendor_data(vendor)
    sizes = {row.family: row.options["resolution"].values for row in data.rows}
    columns = [name for name in _RESOLUTIONS if any(name in values for values in sizes.values())]
    yield "model", "region", *columns
    for region in data.regions:
        catalog = Catalog.load(vendor, region)
        for family in sorted(
            {price.family for price in data.prices if region in (price.regions or (region,))}
        ):
            cells = [_example(catalog, family, name) if name in sizes[family] else "–" for name in columns]
            yield f"`{family}`", region, *cells


def _example(catalog: Catalog, family: str, resolution: str) -> str:
    cost = catalog.estimate(
        GenerationRequest(
            prompt="A boat", model=family, duration=5, resolution=resolution, aspect_ratio="16:9"
        )
    )
    return "–" if cost.amount is None else f"{cost.amount:.2f} {cost.currency}"


def _with_links(text: str) -> str:
    """The text, with its addresses as links."""
    return re.sub(r"https://[^\s,;|]+", r"<\g<0>>", text)


def _price_list(prices: Iterable[Price], sources: Sequence[str]) -> Iterator[Sequence[str]]:
    yield "model", "for", "price", "as of", "source"
    for price in prices:
        amount = f"{price.amount} {price.currency} {_UNITS[price.unit]}"
        amount += "".join(f", × {factor.factor} if {_condition(factor.when)}" for factor in _factors(price))
        where = [*(price.regions or ()), *([_condition(price.when)] if price.when else [])]
        number = str(sources.index(price.source) + 1)
        yield f"`{price.family}`", "; ".join(where) or "all", amount, str(price.checked), number


def _factors(price: Price) -> tuple[Factor, ...]:
    return (*price.token_factors, *price.surcharges)


def _condition(when: Condition) -> str:
    return ", ".join(f"{name}: {' or '.join(map(_word, values))}" for name, values in when.items()).replace(
        "_", " "
    )


def _word(value: object) -> str:
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


if __name__ == "__main__":
    for name, part in pages().items():
        path = DOCS / name
        path.write_text(with_part(path.read_text("utf-8"), part), "utf-8")
