"""What all operators have in common: each key of what they return is an output of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.operators._finite import FiniteFieldsMixin
from airflow_provider_seedance.operators._mapping import MapLabelMixin

if TYPE_CHECKING:
    from typing import TypeAlias

    from airflow.sdk import XComArg
    from airflow.sdk.definitions.xcom_arg import PlainXComArg

    from airflow_provider_seedance.models import GenerationRequest

    #: A text, or what becomes one when the task runs.
    Text: TypeAlias = str | XComArg
    #: A whole number, its text (a template), or what becomes one when the task runs.
    Whole: TypeAlias = int | str | XComArg
    #: True or false, its text (a template), or what becomes one when the task runs.
    Switch: TypeAlias = bool | str | XComArg
    #: One link or several, or what becomes that when the task runs.
    LinksArgument: TypeAlias = Sequence[str | XComArg] | str | XComArg
    #: What another operator returned, as a dict, as its text (a template), or as its ``output``.
    Result: TypeAlias = Mapping[str, Any] | str | XComArg
    #: A request, its fields, a prompt alone, or what becomes one of these when the task runs.
    RequestArgument: TypeAlias = GenerationRequest | Mapping[str, Any] | str | XComArg


class SeedanceBaseOperator(FiniteFieldsMixin, MapLabelMixin):
    """Base of operators that return a dict.

    :param multiple_outputs: also push each key of the dict as an XCom of its own, for ``output["video_url"]``.
    """

    def __init__(self, *, multiple_outputs: bool = True, **kwargs: Any) -> None:
        super().__init__(multiple_outputs=multiple_outputs, **kwargs)

    if TYPE_CHECKING:

        @property
        def output(self) -> PlainXComArg: ...
