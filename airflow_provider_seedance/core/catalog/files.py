"""Reading the catalog: the vendors' own files, and the rows and prices that users add to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from airflow_provider_seedance.core.catalog.names import built_in_names, catalog_file, unusable
from airflow_provider_seedance.core.catalog.schema import OptionName, Price, Row, VendorData
from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.core.suggestions import did_you_mean
from airflow_provider_seedance.errors import ConfigurationError

Json = dict[str, Any]
#: Rows or prices: as dicts, as JSON text, or as the path of a JSON file with a list of them.
Additions = str | Path | Sequence[Mapping[str, Any]]
#: What conditions may ask about beside a request's settings and vendor options.
_OTHER_ATTRIBUTES = ("mode", "forms", "video_input")
_Shape = TypeVar("_Shape", bound=BaseModel)


@cache
def vendor_data(vendor: str) -> VendorData:
    """The data in a vendor's own catalog file.

    :raises ConfigurationError: naming the entry point, if a vendor from outside has no usable file.
    """
    try:
        return _vendor_data(_read_file(vendor))
    except (OSError, ValueError, KeyError, TypeError) as error:
        if vendor in built_in_names():
            raise
        raise unusable(vendor, f"its catalog {catalog_file(vendor)} cannot be read: {error}") from error


def _vendor_data(data: Json) -> VendorData:
    groups = data.get("groups", {})
    listed = {
        part: [_expand_groups(entry, groups) for entry in data.get(part, ())] for part in ("rows", "prices")
    }
    return VendorData.model_validate({name: data[name] for name in data if name != "groups"} | listed)


def with_additions(vendor: str, rows: Additions, prices: Additions) -> VendorData:
    """The data that the package brings for a vendor, and what the user adds.

    A row of a family that the file has is merged into it (into the row with the same ``modes``, if it names
    modes); any other row is new. A user's price comes before the file's.

    :raises ConfigurationError: naming the entry, the field and the value that does not fit.
    """
    known = vendor_data(vendor)
    if not rows and not prices:
        return known
    listed = [row.model_dump(exclude_unset=True) for row in known.rows]
    for number, entry in enumerate(_load_list(rows, "rows"), 1):
        _merge_row(listed, _expand_entry(entry, vendor, f"row {number}"), f"row {number}", known)
    own_prices = []
    for number, entry in enumerate(_load_list(prices, "prices"), 1):
        price = _validate(Price, _expand_entry(entry, vendor, f"price {number}"), f"price {number}")
        _check_known(f"price {number}", "family", price.family, [row["family"] for row in listed])
        for region in price.regions or ():
            _check_known(f"price {number}", "regions", region, known.regions)
        own_prices.append(price)
    own_rows = tuple(Row.model_validate(row) for row in listed)
    for number, price in enumerate(own_prices, 1):
        _check_conditions(f"price {number}", price, own_rows, known)
    return known.model_copy(update={"rows": own_rows, "prices": (*own_prices, *known.prices)})


def merge(base: Any, over: Any) -> Any:
    """``over`` merged into ``base``: objects are merged, ``None`` removes, everything else replaces."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    both = {**base, **{name: merge(base.get(name), value) for name, value in over.items()}}
    return {name: value for name, value in both.items() if value is not None}


@cache
def _read_file(vendor: str) -> Json:
    data: Json = json.loads(catalog_file(vendor).read_text(encoding="utf-8"))
    return data


def _expand_groups(entry: Mapping[str, Any], groups: Json) -> Json:
    own = {name: value for name, value in entry.items() if name != "extends"}
    parts = [groups[name] for name in entry.get("extends", ())]
    result: Json = reduce(merge, [*parts, own], {})
    return result


def _expand_entry(entry: Any, vendor: str, name: str) -> Json:
    """A user's entry with the groups that it names."""
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"catalog {name} is {describe(entry)}; it must be an object")
    groups = _read_file(vendor).get("groups", {})
    for group in entry.get("extends", ()):
        _check_known(name, "extends", group, groups)
    return _expand_groups(entry, groups)


def _merge_row(rows: list[Json], own: Json, name: str, known: VendorData) -> None:
    family, modes = own.get("family"), own.get("modes")
    places = [
        place
        for place, row in enumerate(rows)
        if row["family"] == family and (modes is None or set(modes) == set(row["modes"]))
    ]
    for place in places:
        rows[place] = merge(rows[place], own)
    if not places:
        rows.insert(0, own)
    for place in places or [0]:
        row = _validate(Row, rows[place], name)
        for region in row.ids:
            _check_known(name, "ids", region, known.regions)
        if isinstance(row.pixels, str):
            _check_known(name, "pixels", row.pixels, known.pixels)


def _check_known(name: str, field: str, value: str, known: Iterable[str]) -> None:
    """Refuse an entry that names something which does not exist."""
    names = list(dict.fromkeys(known))
    if value not in names:
        meant = did_you_mean(value, names).rstrip()
        raise ConfigurationError(
            f"catalog {name}: {field}={value!r} is not known{meant and f'; {meant}'}\nThere are: {', '.join(names)}"
        )


def _check_conditions(name: str, price: Price, rows: Sequence[Row], data: VendorData) -> None:
    """Refuse a price that could never hold, since it depends on what no request has."""
    options = {option for row in rows for option in row.vendor_options}
    known = [*get_args(OptionName), *sorted({*options, *data.vendor_options}), *_OTHER_ATTRIBUTES]
    for when in (price.when, *(factor.when for factor in (*price.token_factors, *price.surcharges))):
        for attribute in when:
            _check_known(name, f"when.{attribute}", attribute, known)


def _validate(shape: type[_Shape], entry: Json, name: str) -> _Shape:
    try:
        return shape.model_validate(entry)
    except ValidationError as fault:
        problems = "".join(
            f"\n- {'.'.join(map(str, error['loc']))}={describe(error['input'])}: {_reason(shape, error)}"
            for error in fault.errors(include_url=False)
        )
    raise ConfigurationError(f"catalog {name} is not usable:{problems}")


def _reason(shape: type[BaseModel], error: Mapping[str, Any]) -> str:
    if error["type"] != "extra_forbidden":
        return str(error["msg"])
    known = shape.model_fields if len(error["loc"]) == 1 else ()
    return f"is not known; {did_you_mean(error['loc'][-1], known)}".rstrip("; ")


def _load_list(additions: Additions, name: str) -> Sequence[Any]:
    if not isinstance(additions, (str, Path)):
        return additions
    text = str(additions)
    try:
        loaded = json.loads(text if text.lstrip().startswith("[") else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ConfigurationError(
            f"the catalog's {name}, given as {text[:80]!r}, cannot be read: {fault}"
        ) from fault
    if not isinstance(loaded, list):
        raise ConfigurationError(f"the catalog's {name}, given as {text[:80]!r}, must be a JSON list")
    return loaded
