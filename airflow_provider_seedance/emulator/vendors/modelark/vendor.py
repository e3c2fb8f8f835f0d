"""BytePlus ModelArk and Volcengine Ark: tasks under ``/api/v3/contents/generations``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.media.inputs import Media
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.callbacks import Delivery
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase
from airflow_provider_seedance.emulator.simulation.state import World
from airflow_provider_seedance.emulator.vendors.ark.content import (
    ArkError,
    Content,
    Part,
    check_counts,
    fetch_media,
    flags_in,
    invalid,
    read_content,
)
from airflow_provider_seedance.emulator.vendors.ark.models import MODELS, V2, ArkModel
from airflow_provider_seedance.emulator.vendors.ark.parameters import ArkOrder, Parameters
from airflow_provider_seedance.emulator.vendors.ark.responses import (
    json_bytes,
    publish_results,
    request_id,
    task_object,
)
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, INVALID_KEY, Call, Endpoint, Refusal
from airflow_provider_seedance.emulator.vendors.modelark.assets import NAME, OWNER, answer_action
from airflow_provider_seedance.emulator.vendors.modelark.requests import check_own_fields, owned_fields

_TASKS = "/api/v3/contents/generations/tasks"
_RECORD_SECONDS = 7 * 86400
_CANCELLED_SECONDS = 86400
_QUEUE_SECONDS = 4.0
_FLEX_QUEUE_SECONDS = 1800.0
_CHINA_TIME = timezone(timedelta(hours=8))
_CALLBACK_TIMEOUT = 5.0
_REUSED_FROM_DRAFT = ("generate_audio", "seed", "ratio", "duration", "frames", "camera_fixed")

_STOCK_ERRORS = {
    400: ("InvalidParameter", "A parameter specified in the request is not valid.", "BadRequest"),
    401: (
        "AuthenticationError",
        "The API key or AK/SK in the request is missing or invalid.",
        "Unauthorized",
    ),
    403: (
        "AccountOverdueError",
        "The request failed because your account has an overdue balance. Please recharge it.",
        "Forbidden",
    ),
    404: ("NotFound.id", "The specified resource is not found.", "NotFound"),
    409: (
        "InvalidAction.RunningTaskDeletion",
        "Cannot delete task because it is currently running.",
        "Conflict",
    ),
    429: (
        "RateLimitExceeded.EndpointRPMExceeded",
        "The requests per minute (RPM) limit of the endpoint is exceeded. Please try again later.",
        "TooManyRequests",
    ),
    500: (
        "InternalServiceError",
        "The service encountered an unexpected internal error.",
        "InternalServerError",
    ),
}


class ModelArk:
    """One protocol, two id families of models."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """Tasks, the catalogue, and the control plane of the asset library."""
        return (
            Endpoint("POST", _TASKS, self._create, "create"),
            Endpoint("POST", _TASKS + "/{id}/cancel", self._create, "create"),  # there is no cancel path
            Endpoint("GET", _TASKS + "/{id}", self._get, "get"),
            Endpoint("GET", _TASKS, self._list, "list"),
            Endpoint("DELETE", _TASKS + "/{id}", self._delete, "cancel"),
            Endpoint("GET", "/api/v3/models", self._models),
            Endpoint("POST", "/", answer_action),
            Endpoint("POST", "", answer_action),
        )

    def refusal(self, status: int) -> Refusal:
        """Ark's usual error with that status."""
        code, message, kind = _STOCK_ERRORS.get(status, _STOCK_ERRORS[500])
        return _refuse(status, code, message, kind=kind)

    def observe(self, world: World, generation: Generation) -> None:
        """Publish what succeeded; tell the callback about every change but a cancellation."""
        if generation.phase is Phase.SUCCEEDED:
            publish_results(world, generation)
        order = generation.order
        if order.callback is None or generation.phase is Phase.CANCELLED:
            return
        body = json_bytes(task_object(generation, order.origin, owned_fields(generation)))
        pauses = (5.0, 5.0, 5.0) if generation.phase in (Phase.SUCCEEDED, Phase.FAILED) else ()
        world.send(Delivery(self.name, generation.id, order.callback, body, pauses, _CALLBACK_TIMEOUT))

    # --- the four calls ----------------------------------------------------------------------------------

    def _create(self, call: Call) -> Response:
        account = _account(call)
        body = call.json_object()
        if body is None:
            raise _refuse(400, "InvalidParameter", "The request body is not a valid JSON object.")
        for name in ("model", "content"):
            if not body.get(name):
                raise _refuse(
                    400, "MissingParameter", f"The request failed because it is missing `{name}`.", name
                )
        model = _model(str(body["model"]))
        try:
            order = self._read(call, account, model, body)
        except ArkError as error:
            raise _refuse(400, error.code, str(error), error.param) from error
        if call.fault and call.fault.kind == "moderation":
            text = "The request failed because the input text 'content[0]' may contain sensitive information."
            raise _refuse(400, "InputTextSensitiveContentDetected", text)
        if account == EMPTY_KEY:
            raise self.refusal(403)
        moment = datetime.fromtimestamp(call.now, _CHINA_TIME).strftime("%Y%m%d%H%M%S")
        generation_id = call.world.unused_id(NAME, f"cgt-{moment}-", 5)
        generation = call.world.submit(NAME, generation_id, order, call.fault)
        return JSONResponse({"id": generation.id})

    def _get(self, call: Call) -> Response:
        generation = self._mine(call, _account(call))
        call.world.doom(generation, call.fault)
        return JSONResponse(task_object(generation, call.origin, owned_fields(generation)))

    def _list(self, call: Call) -> Response:
        account, query = _account(call), call.request.query_params
        number, size = _page(query.get("page_num"), 1), _page(query.get("page_size"), 20)
        found = [
            generation
            for generation in call.world.of_account(self.name, account)
            if self._visible(generation, call.now)
            and _matches(generation, query, query.getlist("filter.task_ids"))
        ]
        items = []
        for generation in found[(number - 1) * size : number * size]:
            call.world.doom(generation, call.fault)
            item = task_object(generation, call.origin, owned_fields(generation))
            items.append({**item, "failure_reason": item["error"]} if "error" in item else item)
        return JSONResponse({"total": len(found), "items": items})

    def _delete(self, call: Call) -> Response:
        generation = self._mine(call, _account(call))
        if generation.phase is Phase.RUNNING:
            text = f"Cannot delete task `{generation.id}` because it is currently running."
            raise _refuse(409, "InvalidAction.RunningTaskDeletion", text, kind="Conflict")
        if generation.phase is Phase.CANCELLED:
            text = f"Cannot delete task `{generation.id}` because it is already cancelled."
            raise _refuse(409, "InvalidAction.CancelledTaskDeletion", text, kind="Conflict")
        if generation.phase is Phase.QUEUED:
            call.world.cancel(generation)
        else:
            generation.deleted = True
        return JSONResponse({})

    def _models(self, call: Call) -> Response:
        _account(call)
        data = [{"id": name, "status": "Active", "domain": "VideoGeneration"} for name in MODELS]
        return JSONResponse({"object": "list", "data": data})

    # --- parts of them -----------------------------------------------------------------------------------

    def _mine(self, call: Call, account: str) -> Generation:
        wanted = call.path("id")
        generation = call.world.find(self.name, wanted)
        if generation and generation.order.account == account and self._visible(generation, call.now):
            return generation
        raise _refuse(404, "NotFound.id", f"The specified task {wanted} is not found.", kind="NotFound")

    def _visible(self, generation: Generation, now: float) -> bool:
        if generation.phase is Phase.CANCELLED and now >= generation.updated_at + _CANCELLED_SECONDS:
            return False
        return now < generation.created_at + _RECORD_SECONDS

    def _read(self, call: Call, account: str, model: ArkModel, body: dict[str, Any]) -> Order:
        content = read_content(body["content"])
        draft = None
        if content.draft_id is not None:
            draft = self._draft(call, account, content.draft_id)
            model = MODELS[draft.order.model]
            body = {**{key: draft.order.echo["body"].get(key) for key in _REUSED_FROM_DRAFT}, **body}
            body = {key: value for key, value in body.items() if value is not None}
            content = read_content(draft.order.echo["body"]["content"])
        if model.family in ("1.0", "1.5"):
            content.prompt, flags = flags_in(content.prompt)
            body = {**flags, **body}
        check_counts(content, model)
        parameters = Parameters(body, model, content)
        parameters.check()
        check_own_fields(body, model, content, parameters)
        media = fetch_media(
            content,
            model,
            lambda url, kind: call.store.find(url, kind, call.host),
            lambda part: _asset(call, part),
        )
        result = parameters.resolve(media, call.world.rng)
        return _order(call, account, model, content, body, result, draft)

    def _draft(self, call: Call, account: str, draft_id: str) -> Generation:
        draft = call.world.find(self.name, draft_id)
        if draft is None or draft.order.account != account or not draft.order.echo["body"].get("draft"):
            raise invalid(f"The specified draft task {draft_id} is not found.", at="content[0].draft_task.id")
        if draft.phase is not Phase.SUCCEEDED or not self._visible(draft, call.now):
            raise invalid(
                f"The specified draft task {draft_id} is not usable.", at="content[0].draft_task.id"
            )
        return draft


def _order(
    call: Call,
    account: str,
    model: ArkModel,
    content: Content,
    body: dict[str, Any],
    result: ArkOrder,
    draft: Generation | None,
) -> Order:
    """The accepted order, with its price and its delays."""
    rng, flex = call.world.rng, body.get("service_tier") == "flex"
    seconds = result.frames // 24
    run = latency.draw(rng, family=model.speed, resolution=result.resolution, seconds=seconds)
    price = result.tokens
    if body.get("draft"):
        price = int(price * (0.6 if result.audio else 0.7))
    alone = result.resolution == "4k"
    return Order(
        account=account,
        model=model.id,
        mode="draft_final" if draft else content.mode,
        prompt=content.prompt,
        resolution=result.resolution,
        ratio=result.ratio,
        size=result.size,
        frames=result.frames,
        audio=result.audio,
        last_frame=result.last_frame,
        seed=result.seed,
        price=price,
        unit="tokens",
        wait=latency.around(rng, _FLEX_QUEUE_SECONDS if flex else _QUEUE_SECONDS),
        run=run,
        origin=call.origin,
        input_seconds=result.input_seconds,
        pictures=result.pictures,
        lane=f"{account}/{model.id}/{'4k' if alone else 'hd'}",
        slots=1 if alone else call.world.settings.slots,
        priority=body.get("priority", 0),
        expires_after=body.get("execution_expires_after", 172800),
        callback=body.get("callback_url"),
        container=body.get("output_format", "mp4"),
        echo={
            "body": body,
            "model": model,
            "draft_id": draft.id if draft else None,
            "asked": str(body["model"]),
        },
    )


def _account(call: Call) -> str:
    if call.key is None or call.key == INVALID_KEY:
        raise _refuse(401, *_STOCK_ERRORS[401][:2], kind=_STOCK_ERRORS[401][2])
    return call.key


def _model(name: str) -> ArkModel:
    if name.startswith("ep-"):
        return V2  # with web search, since the id does not tell the region
    if name not in MODELS:
        text = f"The model or endpoint {name} does not exist or you do not have access to it."
        raise _refuse(404, "InvalidEndpointOrModel.NotFound", text, kind="NotFound")
    return MODELS[name]


def _asset(call: Call, part: Part) -> Media:
    """An asset of the private library, if it can be used here."""
    at = f"content[{part.place}].{part.field}.url"
    asset_id = part.url.partition("://")[2]
    asset = call.world.library(NAME).asset(asset_id, OWNER)
    if asset is None:
        raise invalid(f"The specified asset {asset_id} is not found.", at=at)
    if asset.kind != part.kind:
        raise invalid(f"the specified asset is not an {part.kind}.", at=at)
    if asset.status(call.now) != "active" or asset.media is None:
        raise invalid(f"The specified asset {asset_id} is still processing and is not available yet.", at=at)
    return asset.media


def _page(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= 500:
        raise _refuse(
            400, "InvalidParameter", "page_num and page_size must be integers from 1 to 500.", "page_num"
        )
    return int(text)


def _matches(generation: Generation, query: Mapping[str, str], ids: list[str]) -> bool:
    """The list filters; without a tier, only the default one is shown."""
    order = generation.order
    tier = order.echo["body"].get("service_tier", "default")
    return (
        (not ids or generation.id in ids)
        and query.get("filter.status") in (None, generation.phase.value)
        and query.get("filter.model") in (None, order.model, order.echo["asked"])
        and query.get("filter.service_tier", "default") == tier
    )


def _refuse(status: int, code: str, message: str, param: str = "", *, kind: str = "BadRequest") -> Refusal:
    text = f"{message} Request id: {request_id()}"
    return Refusal(status, {"error": {"code": code, "message": text, "param": param, "type": kind}})
