"""EvoLink's routes and their handlers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.callbacks import Delivery
from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, ApiError, Call, Endpoint, Vendor
from airflow_provider_seedance.emulator.vendors.evolink import NAME
from airflow_provider_seedance.emulator.vendors.evolink.files import FileService
from airflow_provider_seedance.emulator.vendors.evolink.models import MODELS
from airflow_provider_seedance.emulator.vendors.evolink.requests import account_of, check, make_order
from airflow_provider_seedance.emulator.vendors.evolink.responses import (
    api_error,
    refused_by_filter,
    task_body,
)
from airflow_provider_seedance.emulator.vendors.values import json_bytes

_PREFIX = "task-unified-"
_START_CREDITS = 1_000_000.0
_CALLBACK_RETRY_DELAYS = (1.0, 2.0, 4.0)
_CALLBACK_TIMEOUT = 10.0


class EvoLink:
    """Videos, the balance, and the file service."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes; the real file service has a host of its own."""
        return (
            Endpoint("POST", "/v1/videos/generations", self._create, "create"),
            Endpoint("GET", "/v1/tasks/{id}", self._get, "get"),
            Endpoint("GET", "/v1/credits", self._balance),
            *FileService().endpoints(),
        )

    def error(self, status: int) -> ApiError:
        """The usual error with that status."""
        return api_error(status)

    def on_phase_change(self, state: State, generation: Generation) -> None:
        """Publish the result of a success, and send the callback at the end."""
        if generation.phase is Phase.SUCCEEDED:
            day = datetime.fromtimestamp(generation.updated_at, timezone.utc)
            name = state.token(32, "0123456789abcdef")
            path = f"/media/{NAME}/{state.token(12).upper()}/videos/{day:%Y/%m/%d}/{name}.mp4"
            state.publish(generation, "video", path, "", head_allowed=True)
        order = generation.order
        if order.callback and generation.phase.is_final:
            body = json_bytes(task_body(generation, order.origin, generation.updated_at))
            state.send(
                Delivery(NAME, generation.id, order.callback, body, _CALLBACK_RETRY_DELAYS, _CALLBACK_TIMEOUT)
            )

    def _create(self, call: Call) -> Response:
        account = account_of(call)
        body = call.json_object()
        if body is None:
            raise api_error(400, message="Request body is not a valid JSON object")
        name = body.get("model")
        if not isinstance(name, str) or name not in MODELS:
            raise api_error(403)
        check(body)
        if call.fault and call.fault.kind == "moderation":
            raise refused_by_filter(call.fault.medium)
        if account == EMPTY_KEY:
            raise api_error(402)
        order, outcome = make_order(call, account, body)
        generation_id = call.state.new_id(NAME, f"{_PREFIX}{int(call.now)}-", 8)
        generation = call.state.submit(NAME, generation_id, order, call.fault, outcome=outcome)
        return JSONResponse(task_body(generation, call.origin, call.now))

    def _get(self, call: Call) -> Response:
        account = account_of(call)
        wanted = call.path_param("id")
        if not wanted.startswith(_PREFIX):
            text = f"Invalid task ID format, must start with '{_PREFIX}'"
            raise api_error(400, code="invalid_task_id", message=text, param="task_id")
        generation = call.state.find_generation(NAME, wanted)
        if generation is None:
            raise api_error(404)
        if generation.order.account != account:
            raise api_error(403, code="permission_denied", message="no permission for this task")
        call.state.apply_fault(generation, call.fault)
        return JSONResponse(task_body(generation, call.origin, call.now))

    def _balance(self, call: Call) -> Response:
        account = account_of(call)
        used = round(call.state.spent(NAME, account), 4)
        left = 0.0 if account == EMPTY_KEY else round(_START_CREDITS - used, 4)
        balance = {"remaining_credits": left, "used_credits": used}
        data = {"token": {**balance, "unlimited_credits": False}, "user": balance}
        return JSONResponse({"success": True, "message": "", "data": data})


VENDOR: Vendor = EvoLink()
