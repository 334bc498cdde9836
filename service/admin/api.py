"""The doors for the people who run the service: health, the contract, rebuilds."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.admin.health import STOPPING, Readiness
from service.admin.metrics_endpoint import authorize_scrape, render_metrics
from service.http.dependencies import get_container
from service.http.openapi import build_document, operation
from service.http.pagination import Links, PageQuery, Total
from service.http.requests import read_path_text, read_query
from service.http.responses import json_response
from service.indexing.drift import DriftView
from service.indexing.outbox_admin import PointerState, PointerView
from service.indexing.reindex_jobs import ReindexView

root = Blueprint("operation")
bp = Blueprint("admin", url_prefix="/api/v1/admin")

DOCS = Path(__file__).parent / "static" / "swagger-ui"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}


UNKEPT = {"Cache-Control": "no-store"}


class OutboxQuery(PageQuery):
    """Which changes are wanted; all when no state is named."""

    state: PointerState | None = None


@dataclass(frozen=True, slots=True)
class PointerPage:
    """One page of changes."""

    results: list[PointerView]
    total: Total
    next: str | None
    previous: str | None


@root.get("/health/live", name="live")
@operation("Whether this process answers; asks no other part", returns={200: "application/json"})
async def live(request: Request) -> HTTPResponse:
    return json_response({"status": "alive"}, headers={"Cache-Control": "no-store"})


@root.get("/health/ready", name="ready")
@operation(
    "Whether the service can work, part by part; only the database is required",
    returns={200: Readiness, 503: Readiness},
)
async def ready(request: Request) -> HTTPResponse:
    leaving = request.app.ctx.draining
    found = STOPPING if leaving else await get_container(request).health.readiness()
    status = 503 if found.status in ("unavailable", "stopping") else 200
    return json_response(found, status, {"Cache-Control": "no-store"})


@root.get("/metrics", name="metrics")
@operation(
    "Measurements for Prometheus; open on this machine, elsewhere with METRICS_TOKEN",
    returns={200: "text/plain"},
    errors=(401, 403),
)
async def metrics(request: Request) -> HTTPResponse:
    authorize_scrape(request)
    return json_response(await render_metrics(), headers=UNKEPT, media_type=CONTENT_TYPE_LATEST)


@root.get("/openapi.json", name="openapi")
@operation("This contract, as OpenAPI 3.1", returns={200: "application/json"})
async def contract(request: Request) -> HTTPResponse:
    return json_response(build_document(request.app, get_container(request).version))


@root.get("/docs", name="docs")
@operation("This contract, for people", returns={200: "text/html"})
async def docs(request: Request) -> HTTPResponse:
    return _page("index.html")


@root.get("/docs/<name:(index\\.js|swagger-ui\\.css|swagger-ui-bundle\\.js)>", name="docs_asset")
async def docs_asset(request: Request, name: str) -> HTTPResponse:
    return _page(name)


@bp.post("/reindex", name="reindex")
@operation(
    "Rebuild the index while searches go on",
    returns={202: ReindexView},
    errors=(409,),
    access="admin",
)
async def reindex(request: Request) -> HTTPResponse:
    await require_admin(request)
    job = await get_container(request).reindex_jobs.request()
    return json_response(job, 202, {"Location": f"/api/v1/admin/reindex/{job.id}"})


@bp.get("/reindex/<job:str>", name="show_reindex")
@operation("How far a rebuild is", returns={200: ReindexView}, errors=(404,), access="admin")
async def show_reindex(request: Request, job: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(
        await get_container(request).reindex_jobs.get(job), headers={"Cache-Control": "no-store"}
    )


@bp.delete("/reindex/<job:str>", name="cancel_reindex")
@operation(
    "Call off a rebuild; the live index stays as it is",
    returns={202: ReindexView},
    errors=(404, 409),
    access="admin",
)
async def cancel_reindex(request: Request, job: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).reindex_jobs.cancel(job), 202)


@bp.post("/reindex/rollback", name="rollback_reindex")
@operation(
    "Go back to the index before the live one",
    returns={202: ReindexView},
    errors=(409,),
    access="admin",
)
async def rollback_reindex(request: Request) -> HTTPResponse:
    await require_admin(request)
    job = await get_container(request).reindex_jobs.request_rollback()
    return json_response(job, 202, {"Location": f"/api/v1/admin/reindex/{job.id}"})


@bp.get("/drift", name="drift")
@operation(
    "How far the index differs from the database, when all was last compared",
    returns={200: DriftView},
    access="admin",
)
async def drift(request: Request) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).drift.show(), headers=UNKEPT)


@bp.get("/outbox", name="outbox")
@operation(
    "The changes of films on their way to the index, the newest first",
    query=OutboxQuery,
    returns={200: PointerPage},
    access="admin",
)
async def outbox(request: Request) -> HTTPResponse:
    await require_admin(request)
    asked = read_query(request, OutboxQuery)
    found = await get_container(request).outbox_admin.list_pointers(
        asked.state, asked.limit, asked.offset
    )
    more = asked.offset + asked.limit < found.total
    links = Links.for_page(request.path, asked, asked.offset, None, has_more=more)
    page = PointerPage(list(found.results), Total(value=found.total), links.next, links.previous)
    link = links.to_header()
    return json_response(page, headers=UNKEPT | ({"Link": link} if link else {}))


@bp.post("/outbox/<row:str>/retry", name="retry_outbox")
@operation(
    "Try a change again at once, out of quarantine too",
    returns={202: PointerView},
    errors=(404, 409),
    access="admin",
)
async def retry_outbox(request: Request, row: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).outbox_admin.retry(row), 202)


@bp.post("/movies/<movie:str>/reindex", name="reindex_film")
@operation(
    "Have one film indexed again as it is now",
    returns={202: PointerView},
    errors=(404,),
    access="admin",
)
async def reindex_film(request: Request, movie: str) -> HTTPResponse:
    await require_admin(request)
    row = await get_container(request).outbox_admin.reindex_film(read_path_text(movie))
    return json_response(row, 202, {"Index-Token": f"{row.film_id}:{row.version}"})


def _page(name: str) -> HTTPResponse:
    """A file of the contract's page, under a policy that lets nothing in from outside."""
    path = DOCS / name
    return HTTPResponse(
        path.read_bytes(),
        content_type=KINDS[path.suffix],
        headers={"Content-Security-Policy": DOCS_POLICY, "Cache-Control": "public, max-age=3600"},
    )
