"""The HTTP endpoints for operators: health, metrics, the API's description, index and outbox."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.admin.health import STOPPING, Readiness
from service.admin.metrics_endpoint import authorize_scrape, has_metrics_token, render_metrics
from service.http.client_address import is_local_and_named_so
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.openapi_document import encode_document
from service.http.pagination import Links, PageQuery, Total
from service.http.requests import read_path_text, read_query
from service.http.responses import conditional_response, json_response
from service.indexing.drift import DriftView
from service.indexing.outbox_admin import PointerState, PointerView
from service.indexing.reindex_jobs import ReindexView

root = Blueprint("operation")
bp = Blueprint("admin", url_prefix="/api/v1/admin")

DOCS_FOLDER = Path(__file__).parent / "static" / "swagger-ui"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
NO_STORE = {"Cache-Control": "no-store"}


class OutboxQuery(PageQuery):
    """The state of the changes to list; without it, all changes."""

    state: Annotated[
        PointerState | None, Field(description="Changes in this state.", examples=["quarantined"])
    ] = None


@dataclass(frozen=True, slots=True)
class PointerPage:
    """One page of changes of films."""

    results: Annotated[list[PointerView], Field(description="The changes, newest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[
        str | None,
        Field(
            description="The address of the next page.",
            examples=["/api/v1/admin/outbox?limit=20&offset=20"],
        ),
    ]
    previous: Annotated[
        str | None,
        Field(
            description="The address of the previous page.",
            examples=["/api/v1/admin/outbox?limit=20&offset=0"],
        ),
    ]


class Liveness(BaseModel):
    """The answer of a process that lives."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["alive"], Field(description="Always this.", examples=["alive"])] = (
        "alive"
    )


@root.get("/health/live", name="live")
@operation("Whether this process answers; checks nothing else", returns={200: Liveness})
async def live(request: Request) -> HTTPResponse:
    return json_response(Liveness(), headers=NO_STORE)


@root.get("/health/ready", name="ready")
@operation(
    "The state of each part; details only on this machine or with METRICS_TOKEN as a bearer token",
    returns={200: Readiness, 503: Readiness},
)
async def ready(request: Request) -> HTTPResponse:
    draining = request.app.ctx.draining
    readiness = STOPPING if draining else await get_container(request).health.readiness()
    if not (is_local_and_named_so(request) or has_metrics_token(request)):
        readiness = readiness.without_details()
    status = 503 if readiness.status in ("unavailable", "stopping") else 200
    return json_response(readiness, status, NO_STORE)


@root.get("/metrics", name="metrics")
@operation(
    "Metrics for Prometheus; they need METRICS_TOKEN as a bearer token, if one is set",
    returns={200: "text/plain"},
    errors=(401, 403),
    access="metrics",
)
async def metrics(request: Request) -> HTTPResponse:
    authorize_scrape(request)
    return json_response(await render_metrics(), headers=NO_STORE, media_type=CONTENT_TYPE_LATEST)


@root.get("/openapi.json", name="openapi")
@operation(
    "This API as an OpenAPI 3.1 document",
    returns={200: "application/json", 304: None},
    sends=("ETag", "Cache-Control"),
)
async def contract(request: Request) -> HTTPResponse:
    app = request.app
    if not hasattr(app.ctx, "contract"):
        app.ctx.contract = encode_document(app, get_container(request).version)
    document, tag = app.ctx.contract
    return conditional_response(request, document, tag, {"Cache-Control": "no-cache"})


@root.get("/docs", name="docs")
@operation("This API as a web page", returns={200: "text/html"})
async def docs(request: Request) -> HTTPResponse:
    return _serve_static_file("index.html")


@root.get("/docs/<name:(index\\.js|swagger-ui\\.css|swagger-ui-bundle\\.js)>", name="docs_asset")
async def docs_asset(request: Request, name: str) -> HTTPResponse:
    return _serve_static_file(name)


@bp.post("/reindex", name="reindex")
@operation(
    "Rebuild the index while searches go on",
    returns={202: ReindexView},
    errors=(409,),
    sends=("Location",),
    access="admin",
)
async def reindex(request: Request) -> HTTPResponse:
    await require_admin(request)
    job = await get_container(request).reindex_jobs.request()
    return json_response(job, 202, {"Location": f"/api/v1/admin/reindex/{job.id}"})


@bp.get("/reindex/<job:str>", name="show_reindex")
@operation(
    "The state and progress of a rebuild", returns={200: ReindexView}, errors=(404,), access="admin"
)
async def show_reindex(request: Request, job: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).reindex_jobs.get(job), headers=NO_STORE)


@bp.delete("/reindex/<job:str>", name="cancel_reindex")
@operation(
    "Cancel a rebuild; the live index stays as it is",
    returns={202: ReindexView},
    errors=(404, 409),
    access="admin",
)
async def cancel_reindex(request: Request, job: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).reindex_jobs.cancel(job), 202)


@bp.post("/reindex/rollback", name="rollback_reindex")
@operation(
    "Make the previous index live again",
    returns={202: ReindexView},
    errors=(409,),
    sends=("Location",),
    access="admin",
)
async def rollback_reindex(request: Request) -> HTTPResponse:
    await require_admin(request)
    job = await get_container(request).reindex_jobs.request_rollback()
    return json_response(job, 202, {"Location": f"/api/v1/admin/reindex/{job.id}"})


@bp.get("/drift", name="drift")
@operation(
    "How far the index differed from the database at the last full comparison",
    returns={200: DriftView},
    access="admin",
)
async def drift(request: Request) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).drift.get_last_comparison(), headers=NO_STORE)


@bp.get("/outbox", name="outbox")
@operation(
    "The changes of films that the outbox holds, newest first",
    query=OutboxQuery,
    returns={200: PointerPage},
    sends=("Link",),
    access="admin",
)
async def outbox(request: Request) -> HTTPResponse:
    await require_admin(request)
    query = read_query(request, OutboxQuery)
    rows = await get_container(request).outbox_admin.list_pointers(
        query.state, query.limit, query.offset
    )
    has_more = query.offset + query.limit < rows.total
    links = Links.for_page(request.path, query, query.offset, None, has_more=has_more)
    page = PointerPage(list(rows.results), Total(value=rows.total), links.next, links.previous)
    link = links.to_header()
    return json_response(page, headers=NO_STORE | ({"Link": link} if link else {}))


@bp.post("/outbox/<row:str>/retry", name="retry_outbox")
@operation(
    "Try a change again at once, even out of quarantine",
    returns={202: PointerView},
    errors=(404, 409),
    access="admin",
)
async def retry_outbox(request: Request, row: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).outbox_admin.retry(row), 202)


@bp.post("/movies/<movie:str>/reindex", name="reindex_film")
@operation(
    "Index one film again",
    returns={202: PointerView},
    sends=("Index-Token",),
    errors=(404,),
    access="admin",
)
async def reindex_film(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    row = await get_container(request).outbox_admin.reindex_film(read_path_text(movie))
    return json_response(row, 202, {"Index-Token": f"{row.film_id}:{row.version}"})


def _serve_static_file(name: str) -> HTTPResponse:
    """Serve a file of the API's web page under a policy that allows no foreign content."""
    path = DOCS_FOLDER / name
    return HTTPResponse(
        path.read_bytes(),
        content_type=CONTENT_TYPES[path.suffix],
        headers={"Content-Security-Policy": DOCS_POLICY, "Cache-Control": "public, max-age=3600"},
    )
