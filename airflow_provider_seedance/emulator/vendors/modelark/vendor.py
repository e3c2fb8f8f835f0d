"""ModelArk's routes and their handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.callbacks import Delivery
from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.ark.content import ArkError, refused_by_filter
from airflow_provider_seedance.emulator.vendors.ark.models import MODELS
from airflow_provider_seedance.emulator.vendors.ark.responses import publish_results
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, ApiError, Call, Endpoint, Vendor
from airflow_provider_seedance.emulator.vendors.modelark import NAME
from airflow_provider_seedance.emulator.vendors.modelark.assets import perform_action
from airflow_provider_seedance.emulator.vendors.modelark.requests import account_of, is_visible, read_order
from airflow_provider_seedance.emulator.vendors.modelark.responses import (
    api_error,
    error_of,
    stock_error,
    task_body,
)
from airflow_provider_seedance.emulator.vendors.values import json_bytes

_TASKS = "/api/v3/contents/generations/tasks"
_CHINA_TIME = timezone(timedelta(hours=8))
_CALLBACK_TIMEOUT = 5.0


class ModelArk:
    """Tasks below ``/api/v3/contents/generations``, the model list, and the asset library at ``/``."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes."""
        return (
            Endpoint("POST", _TASKS, self._create, "create"),
            # There is no cancel path: the real server takes this one for a create.
            Endpoint("POST", _TASKS + "/{id}/cancel", self._create, "create"),
            Endpoint("GET", _TASKS + "/{id}", self._get, "get"),
            Endpoint("GET", _TASKS, self._list, "list"),
            Endpoint("DELETE", _TASKS + "/{id}", self._delete, "cancel"),
            Endpoint("GET", "/api/v3/models", self._models),
            Endpoint("POST", "/", perform_action),
            Endpoint("POST", "", perform_action),
        )

    def error(self, status: int) -> ApiError:
        """The usual error with that status."""
        return stock_error(status)

    def on_phase_change(self, state: State, generation: Generation) -> None:
        """Publish the results of a success, and send a callback after every change except a cancellation."""
        if generation.phase is Phase.SUCCEEDED:
            publish_results(state, generation)
        order = generation.order
        if order.callback is None or generation.phase is Phase.CANCELLED:
            return
        body = json_bytes(task_body(generation, order.origin))
        retry_delays = (5.0, 5.0, 5.0) if generation.phase in (Phase.SUCCEEDED, Phase.FAILED) else ()
        state.send(Delivery(NAME, generation.id, order.callback, body, retry_delays, _CALLBACK_TIMEOUT))

    def _create(self, call: Call) -> Response:
        account = account_of(call)
        body = call.json_object()
        if body is None:
            raise api_error(400, "InvalidParameter", "The request body is not a valid JSON object.")
        for name in ("model", "content"):
            if not body.get(name):
                raise api_error(
                    400, "MissingParameter", f"The request failed because it is missing `{name}`.", name
                )
        try:
            order = read_order(call, account, body)
        except ArkError as error:
            raise error_of(error) from error
        if call.fault and call.fault.kind == "moderation":
            raise error_of(refused_by_filter(body["content"], call.fault.medium or "text"))
        if account == EMPTY_KEY:
            raise stock_error(403)
        time = datetime.fromtimestamp(call.now, _CHINA_TIME).strftime("%Y%m%d%H%M%S")
        generation_id = call.state.new_id(NAME, f"cgt-{time}-", 5)
        generation = call.state.submit(NAME, generation_id, order, call.fault)
        return JSONResponse({"id": generation.id})

    def _get(self, call: Call) -> Response:
        generation = _find_own(call, account_of(call))
        call.state.apply_fault(generation, call.fault)
        return JSONResponse(task_body(generation, call.origin))

    def _list(self, call: Call) -> Response:
        account, query = account_of(call), call.request.query_params
        number, size = _page_number(query.get("page_num"), 1), _page_number(query.get("page_size"), 20)
        found = [
            generation
            for generation in call.state.of_account(NAME, account)
            if is_visible(generation, call.now)
            and _matches(generation, query, query.getlist("filter.task_ids"))
        ]
        items = []
        for generation in found[(number - 1) * size : number * size]:
            call.state.apply_fault(generation, call.fault)
            item = task_body(generation, call.origin)
            items.append({**item, "failure_reason": item["error"]} if "error" in item else item)
        return JSONResponse({"total": len(found), "items": items})

    def _delete(self, call: Call) -> Response:
        generation = _find_own(call, account_of(call))
        if generation.phase is Phase.RUNNING:
            text = f"Cannot delete task `{generation.id}` because it is currently running."
            raise api_error(409, "InvalidAction.RunningTaskDeletion", text, kind="Conflict")
        if generation.phase is Phase.CANCELLED:
            text = f"Cannot delete task `{generation.id}` because it is already cancelled."
            raise api_error(409, "InvalidAction.CancelledTaskDeletion", text, kind="Conflict")
        if generation.phase is Phase.QUEUED:
            call.state.cancel(generation)
        else:
            generation.deleted = True
        return JSONResponse({})

    def _models(self, call: Call) -> Response:
        account_of(call)
        data = [{"id": name, "status": "Active", "domain": "VideoGeneration"} for name in MODELS]
        return JSONResponse({"object": "list", "data": data})


def _find_own(call: Call, account: str) -> Generation:
    """The task in the path, if it belongs to the account; else raises a 404."""
    wanted = call.path_param("id")
    generation = call.state.find_generation(NAME, wanted)
    if generation and generation.order.account == account and is_visible(generation, call.now):
        return generation
    raise api_error(404, "NotFound.id", f"The specified task {wanted} is not found.", kind="NotFound")


def _page_number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= 500:
        raise api_error(
            400, "InvalidParameter", "page_num and page_size must be integers from 1 to 500.", "page_num"
        )
    return int(text)


def _matches(generation: Generation, query: Mapping[str, str], ids: list[str]) -> bool:
    """Whether a task passes the filters of a list; a list without a tier shows the default tier only."""
    order = generation.order
    tier = order.vendor_data["body"].get("service_tier", "default")
    return (
        (not ids or generation.id in ids)
        and query.get("filter.status") in (None, generation.phase.value)
        and query.get("filter.model") in (None, order.model, order.vendor_data["requested_model"])
        and query.get("filter.service_tier", "default") == tier
    )


VENDOR: Vendor = ModelArk()
