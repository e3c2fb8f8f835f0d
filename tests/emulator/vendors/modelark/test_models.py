"""The models of Ark against the contract's table."""

from __future__ import annotations

from airflow_provider_seedance.emulator.vendors.ark.models import MODELS


def test_the_models_are_those_of_the_contract(golden):
    """Every row of the contract's capability table, in both id families."""
    for name, row in golden("modelark", "capabilities")["models"].items():
        for model_id in (name, row["cn"]):
            model = MODELS[model_id]
            assert list(model.durations) == row["dur"]
            assert list(model.resolutions) == row["res"]
            assert model.default_resolution == row["res_default"]
            assert list(model.references) == list(row["ref"].values())
            assert len(model.modes) == len(row["modes"])
            for flag in ("frames", "audio", "draft", "flex", "camera_fixed", "priority"):
                assert getattr(model, flag) == row[flag], flag
            assert model.tools == (row["tools"] and model_id == row["cn"])


def test_the_pixels_are_those_of_the_contract(golden):
    """Every size of the contract's table."""
    tables = golden("modelark", "capabilities")["pixels"]
    for row in golden("modelark", "capabilities")["models"].values():
        for resolution in row["res"]:
            expected = {ratio: tuple(size) for ratio, size in tables[row["table"]][resolution].items()}
            assert MODELS[row["cn"]].sizes[resolution] == expected
