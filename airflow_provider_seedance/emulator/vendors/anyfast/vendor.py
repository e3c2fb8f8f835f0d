"""AnyFast's routes and their handlers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.anyfast import NAME
from airflow_provider_seedance.emulator.vendors.anyfast.assets import perform_action
from airflow_provider_seedance.emulator.vendors.anyfast.models import MODELS
from airflow_provider_seedance.emulator.vendors.anyfast.requests import account_of, read_order
from airflow_provider_seedance.emulator.vendors.anyfast.responses import (
    plain_error,
    relayed_error,
    stock_error,
    task_body,
)
from airflow_provider_seedance.emulator.vendors.ark.content import ArkError, refused_by_filter
from airflow_provider_seedance.emulator.vendors.ark.responses import publish_results, publish_video
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, ApiError, Call, Endpoint, Vendor

_PATH = "/v1/video/generations"


class AnyFast:
    """Creating and reading tasks, the model list, and the asset library; tasks cannot be listed or cancelled."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes."""
        return (
            Endpoint("POST", _PATH, self._create, "create"),
            Endpoint("GET", _PATH + "/{id}", self._get, "get"),
            Endpoint("GET", "/v1/models", self._models),
            Endpoint("POST", "/volc/asset/{action}", perform_action),
        )

    def error(self, status: int) -> ApiError:
        """The usual error with that status."""
        return stock_error(status)

    def on_phase_change(self, state: State, generation: Generation) -> None:
        """Publish the results of a success, the video both at the gateway and at its vendor; there are no callbacks."""
        if generation.phase is Phase.SUCCEEDED:
            publish_results(state, generation)
            publish_video(state, generation, "second")

    def _create(self, call: Call) -> Response:
        account = account_of(call)
        body = call.json_object()
        if body is None:
            raise plain_error(400, "invalid_request", "invalid JSON body")
        name = body.get("model")
        if not isinstance(name, str) or not name:
            raise plain_error(400, "invalid_request", "model is required")
        if name not in MODELS:
            raise plain_error(400, "model_mapping_failed", f"model {name} is not available")
        try:
            order = read_order(call, account, body)
        except ArkError as error:
            raise relayed_error(error) from error
        if call.fault and call.fault.kind == "moderation":
            raise relayed_error(refused_by_filter(body["content"], call.fault.medium or "text"))
        if account == EMPTY_KEY:
            raise stock_error(403)
        generation = call.state.submit(NAME, call.state.new_id(NAME, "asyntask_", 32), order, call.fault)
        return JSONResponse(
            {
                "id": generation.id,
                "task_id": generation.id,
                "object": "video",
                "model": name,
                "status": "",
                "progress": 0,
                "created_at": int(generation.created_at),
            }
        )

    def _get(self, call: Call) -> Response:
        account = account_of(call)
        generation = call.state.find_generation(NAME, call.path_param("id"))
        if generation is None or generation.order.account != account:
            raise ApiError(400, {"code": "task_not_exist", "message": "task_not_exist", "data": None})
        call.state.apply_fault(generation, call.fault)
        return JSONResponse(
            {"code": "success", "message": "", "data": task_body(generation, call.origin, call.now)}
        )

    def _models(self, call: Call) -> Response:
        account_of(call)
        data = [{"id": name, "object": "model", "owned_by": "bytedance"} for name in MODELS]
        return JSONResponse({"object": "list", "data": data})


VENDOR: Vendor = AnyFast()
