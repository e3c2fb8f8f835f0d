"""Which way each file of a request takes to a vendor: decided before anything is sent or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.catalog import DeliveryRules
from airflow_provider_seedance.core.catalog.schema import DeliveryMethod, MediaKind
from airflow_provider_seedance.core.media.check import fits
from airflow_provider_seedance.core.media.content import MediaFile, RequestMedia
from airflow_provider_seedance.errors import Problem, RequestInvalid

#: Bytes of a request that are left for all but its media.
BODY_RESERVE = 1_000_000
_ADVICE = (
    "give a link that the vendor can fetch, name a folder of an object store in [seedance] staging, or upload it to"
    " the asset library and give its asset:// URI"
)


@dataclass(frozen=True)
class Abilities:
    """What can be done here.

    :param has_file_service: whether the vendor takes uploads.
    :param has_staging: whether ``[seedance] staging`` names a folder.
    """

    has_file_service: bool
    has_staging: bool

    def can(self, method: DeliveryMethod, file: MediaFile, rules: DeliveryRules, kind: MediaKind) -> bool:
        """Whether a file can take this way at all."""
        if method == "upload":
            return self.has_file_service and fits(file.info, kind, rules.uploads.get(kind))
        return method == "data" or self.has_staging or is_in_store(file)


def is_in_store(file: MediaFile) -> bool:
    """Whether a file lies in an object store, which may make a link of its own to it."""
    return bool(file.path is not None and "://" in str(file.path))


def plan_delivery(
    catalog: Catalog, media: RequestMedia, abilities: Abilities
) -> Mapping[str, DeliveryMethod]:
    """The way of each file, by what the request calls it.

    :raises RequestInvalid: naming each file for which there is none.
    """
    rules = catalog.delivery_rules(media.request)
    room = rules.body_bytes - BODY_RESERVE
    chosen: dict[str, DeliveryMethod] = {}
    problems = []
    for place, kind, file in media.of_request():
        if method := choose_method(rules, file, kind, abilities, room):
            chosen[file.reference] = method
            room -= encoded_size(file) if method == "data" else 0
        else:
            why = f"{catalog.vendor} takes no such {kind} from a file: {_ADVICE}"
            problems.append(Problem(place, file.name, why))
    if problems:
        raise RequestInvalid(problems, vendor=catalog.vendor, model=media.request.model)
    return chosen


def choose_method(
    rules: DeliveryRules,
    file: MediaFile,
    kind: MediaKind,
    abilities: Abilities,
    room: int | None = None,
) -> DeliveryMethod | None:
    """The way of one file; ``None`` if there is none.

    :param room: bytes that are left in the request's body; without a word, all of it.
    """
    room = rules.body_bytes - BODY_RESERVE if room is None else room
    for method in rules.methods.get(kind, ()):
        fits_body = method != "data" or encoded_size(file) <= room
        if fits_body and abilities.can(method, file, rules, kind):
            return method
    return None


def encoded_size(file: MediaFile) -> int:
    """Bytes of a file as a ``data:`` URI."""
    return (file.info.bytes + 2) // 3 * 4 + 40
