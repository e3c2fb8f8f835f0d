"""One page of the gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from airflow_provider_seedance.core.gallery.batches import Batch
from airflow_provider_seedance.core.gallery.cards import Card
from airflow_provider_seedance.core.gallery.wording import Sum


@dataclass(frozen=True)
class Page:
    """Cards, and what is told above them.

    :param count: how many videos fit the filters; ``None`` where that is not counted.
    :param sums: what they cost together; where they are not counted, those of this page.
    :param choices: the values of filters that there are.
    :param batches: those whose videos are on the page.
    :param days: how far the page looks back where no day is chosen; ``None`` for everything there is.
    """

    cards: Sequence[Card]
    has_next: bool
    count: int | None
    sums: Sequence[Sum]
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    batches: Sequence[Batch] = ()
    days: int | None = None
