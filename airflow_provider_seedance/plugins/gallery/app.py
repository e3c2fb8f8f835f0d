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
from airflow_provider_seedance.core.redaction import redact_values
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.plugins.gallery.access import ReadableDagIds
from airflow_provider_seedance.plugins.gallery.files import poster_uri, send
from airflow_provider_seedance.plugins.gallery.pages import render
from airflow_provider_seedance.plugins.gallery.sources import page_of, source_of

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
    page, trouble = page_of(filters, dag_ids)
    html = render(
        page,
        filters,
        airflow=_path_of_airflow(request),
        notice=trouble,
        now=clock.utc_now(clock.SYSTEM_CLOCK),
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


def _path_of_airflow(request: Request) -> str:
    """The path below which Airflow's own pages are, behind a proxy too."""
    return f"{request.scope.get('root_path', '').rpartition('/')[0]}/"


def card(request: Request, dag_ids: ReadableDagIds) -> Card:
    """The card that the address names.

    :raises HTTPException: 404 if there is none, or none that the user may see.
    """
    key = dict(request.query_params)
    try:
        found = source_of(key).find(key, dag_ids)
    except SeedanceError as fault:
        raise HTTPException(503, "the ledger cannot be read") from fault
    if found is None:
        raise HTTPException(404, "there is no such video")
    return found


NamedCard = Annotated[Card, Depends(card)]


def landed(found: NamedCard) -> str:
    """Where the card's file is.

    :raises HTTPException: 404 without a file.
    """
    if found.uri is None:
        raise HTTPException(404, "this video was not landed")
    return found.uri


Landed = Annotated[str, Depends(landed)]


@app.get("/video")
def video(uri: Landed, range: Range = None) -> Response:
    """A landed video, or a part of it."""
    return send(uri, "video/mp4", range)


@app.get("/poster")
def poster(uri: Landed) -> Response:
    """The picture beside a landed video."""
    return send(poster_uri(uri), "image/jpeg", None)


@app.get("/manifest")
def manifest(found: NamedCard) -> Response:
    """The manifest of a landed video, as JSON."""
    if found.manifest is None:
        raise HTTPException(404, "this video was not landed")
    text = json.dumps(redact_values(found.manifest, hide_links=True), indent=2, ensure_ascii=False)
    return Response(text, media_type="application/json")
