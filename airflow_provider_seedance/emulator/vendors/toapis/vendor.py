"""ToAPIs' routes and their handlers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, ApiError, Call, Endpoint, Vendor
from airflow_provider_seedance.emulator.vendors.toapis import NAME
from airflow_provider_seedance.emulator.vendors.toapis.assets import AssetLibraryService
from airflow_provider_seedance.emulator.vendors.toapis.files import FileService
from airflow_provider_seedance.emulator.vendors.toapis.models import MODELS
from airflow_provider_seedance.emulator.vendors.toapis.requests import (
    account_of,
    business_id_in,
    check,
    find_media,
    make_order,
)
from airflow_provider_seedance.emulator.vendors.toapis.responses import (
    BASE32_ALPHABET,
    api_error,
    balance_body,
    refused_by_filter,
    task_body,
    webhook,
)

_PATH = "/v1/videos/generations"


class ToApis:
    """Videos, balances, the model list, uploads, and the asset library."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes."""
        return (
            Endpoint("POST", _PATH, self._create, "create"),
            Endpoint("GET", _PATH + "/{id}", self._get, "get"),
            *(Endpoint("GET", path, self._key_balance) for path in ("/v1/balance", "/balance")),
            *(Endpoint("GET", path, self._user_balance) for path in ("/v1/user/balance", "/user/balance")),
            Endpoint("GET", "/v1/models", self._models),
            *FileService().endpoints(),
            *AssetLibraryService().endpoints(),
        )

    def error(self, status: int) -> ApiError:
        """The usual error with that status."""
        return api_error(status)

    def on_phase_change(self, state: State, generation: Generation) -> None:
        """Publish the results of a success, and send the webhook at the end."""
        order = generation.order
        if generation.phase is Phase.SUCCEEDED:
            name = state.token(32, "0123456789abcdef")
            state.publish(generation, "video", f"/media/{NAME}/videos/{name}.mp4", "", head_allowed=True)
            if order.last_frame:
                state.publish(
                    generation, "last_frame", f"/media/{NAME}/images/{name}_last.png", "", head_allowed=True
                )
        if order.callback and generation.phase.is_final:
            state.send(webhook(state, generation))

    def _create(self, call: Call) -> Response:
        account = account_of(call)
        body = call.json_object()
        if body is None:
            raise api_error(400, "invalid request body")
        business_id = business_id_in(body)
        existing = _find_by_business_id(call.state, account, business_id)
        if existing is not None:
            return JSONResponse(task_body(existing, call.origin, call.now))
        name = body.get("model", "seedance-2")
        if not isinstance(name, str) or name not in MODELS:
            text = f"no available channel for model {name}"
            raise ApiError(
                503, {"error": {"code": "model_not_found", "message": text, "type": "new_api_error"}}
            )
        if business_id is not None:
            body["client_business_id"] = business_id
        items = check(body, MODELS[name])
        media, outcome = find_media(call, account, body, items)
        if call.fault and call.fault.kind == "moderation":
            raise refused_by_filter(items, call.fault.medium)
        if account == EMPTY_KEY:
            raise api_error(402)
        order = make_order(call, account, body, media)
        generation_id = call.state.new_id(NAME, "tsk_vid_01", 24, BASE32_ALPHABET)
        generation = call.state.submit(NAME, generation_id, order, call.fault, outcome=outcome)
        return JSONResponse({**task_body(generation, call.origin, call.now), "metadata": {}})

    def _get(self, call: Call) -> Response:
        account = account_of(call, integer=True)
        wanted = call.path_param("id")
        generation = call.state.find_generation(NAME, wanted)
        if generation is None or generation.order.account != account:
            generation = _find_by_business_id(call.state, account, wanted)
        if generation is None:
            raise api_error(404, integer=True)
        call.state.apply_fault(generation, call.fault)
        return JSONResponse(task_body(generation, call.origin, call.now))

    def _key_balance(self, call: Call) -> Response:
        return JSONResponse(
            {**balance_body(call.state, account_of(call, integer=True)), "unlimited_quota": False}
        )

    def _user_balance(self, call: Call) -> Response:
        return JSONResponse(balance_body(call.state, account_of(call, integer=True)))

    def _models(self, call: Call) -> Response:
        account_of(call)
        data = [{"id": name, "object": "model", "supported_endpoint_types": ["video"]} for name in MODELS]
        return JSONResponse({"success": True, "object": "list", "data": data})


def _find_by_business_id(state: State, account: str, business_id: str | None) -> Generation | None:
    """The newest task that the account created with that id of its own."""
    if business_id is None:
        return None
    mine = state.of_account(NAME, account)
    return next((found for found in mine if found.order.vendor_data["business_id"] == business_id), None)


VENDOR: Vendor = ToApis()
