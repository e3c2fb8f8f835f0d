"""The gallery's routes. Each is for users who are logged in, and shows them DAGs that they may read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.gallery.cards import Card
from airflow_provider_seedance.core.gallery.filters import Filters
from airflow_provider_seedance.core.landing.pictures import CONTACT_SHEET
from airflow_provider_seedance.core.redaction import redact_values
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.plugins.gallery.access import DagReader, ReadableDagIds
from airflow_provider_seedance.plugins.gallery.files import send_picture, send_video
from airflow_provider_seedance.plugins.gallery.pages import render
from airflow_provider_seedance.plugins.gallery.sources import find_card, page_of

#: Nothing comes from elsewhere, nothing runs that is not in a file of ours, and no other site frames the page.
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"

app = FastAPI(dependencies=[Depends(get_user)], openapi_url=None)
# Styles and scripts are in the package that everyone can download; nothing in them is anyone's.
app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

Range = Annotated[str | None, Header()]


@app.get("/", response_class=HTMLResponse)
def gallery(request: Request, dag_ids: ReadableDagIds) -> Response:
    """A page of videos, as the filters in its address choose them."""
    filters = Filters.parse(request.query_params)
    now = clock.utc_now(clock.SYSTEM_CLOCK)
    page, lacks_ledger = page_of(filters, dag_ids, now)
    html = render(page, filters, airflow=_path_of_airflow(request), lacks_ledger=lacks_ledger, now=now)
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


def _path_of_airflow(request: Request) -> str:
    """The path below which Airflow's own pages are, behind a proxy too."""
    return f"{request.scope.get('root_path', '').rpartition('/')[0]}/"


def card(request: Request, may_read: DagReader) -> Card:
    """The card that the address names.

    :raises HTTPException: 404 if there is none, or none that the user may see.
    """
    try:
        found = find_card(request.query_params)
    except SeedanceError as fault:
        raise HTTPException(503, "the ledger cannot be read") from fault
    if found is None or not found.task.dag_id or not may_read(found.task.dag_id):
        raise HTTPException(404, "there is no such video")
    return found


NamedCard = Annotated[Card, Depends(card)]


@app.get("/video")
def video(found: NamedCard, may_read: DagReader, range: Range = None) -> Response:
    """A landed video, or a part of it."""
    return send_video(found, may_read, range)


@app.get("/poster")
def poster(found: NamedCard, may_read: DagReader) -> Response:
    """The poster beside a landed video."""
    return send_picture(found, may_read)


@app.get("/sheet")
def contact_sheet(found: NamedCard, may_read: DagReader) -> Response:
    """The contact sheet beside a landed video."""
    return send_picture(found, may_read, CONTACT_SHEET)


@app.get("/manifest")
def manifest(found: NamedCard) -> Response:
    """The manifest of a landed video, as JSON."""
    if found.manifest is None:
        raise HTTPException(404, "this video was not landed")
    text = json.dumps(redact_values(found.manifest, hide_links=True), indent=2, ensure_ascii=False)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, media_type="application/json", headers=headers)
