"""Operator, request model, catalog and fingerprint agree on one list of fields."""

from __future__ import annotations

import inspect
from typing import get_args

from airflow_provider_seedance.core.catalog.schema import OptionName
from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS, OPTION_FIELDS, REQUEST_FIELDS
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator


def test_the_request_model_has_these_fields() -> None:
    assert tuple(GenerationRequest.model_fields) == REQUEST_FIELDS


def test_the_operator_has_an_argument_and_a_template_for_each() -> None:
    arguments = inspect.signature(SeedanceGenerateVideoOperator.__init__).parameters
    assert [name for name in arguments if name in REQUEST_FIELDS] == list(REQUEST_FIELDS)
    assert set(REQUEST_FIELDS) <= set(SeedanceGenerateVideoOperator.template_fields)


def test_each_argument_of_the_operator_is_documented() -> None:
    text = inspect.getdoc(SeedanceGenerateVideoOperator) or ""
    assert [name for name in REQUEST_FIELDS if f":param {name}:" not in text] == []


def test_the_catalog_describes_the_options() -> None:
    assert get_args(OptionName) == OPTION_FIELDS


def test_defaults_of_operator_and_model_are_the_same() -> None:
    arguments = inspect.signature(SeedanceGenerateVideoOperator.__init__).parameters
    request = GenerationRequest.parse({name: arguments[name].default for name in REQUEST_FIELDS})
    assert request == GenerationRequest()


def test_media_fields_that_take_several_are_sequences() -> None:
    several = [name for name in MEDIA_FIELDS if isinstance(getattr(GenerationRequest(), name), tuple)]
    assert several == [name for name in MEDIA_FIELDS if name.endswith("s")]
