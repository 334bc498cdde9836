"""The HTTP endpoints for operators: rebuilds, drift, outbox, and the state of all parts."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.accounts.idempotency import accept_idempotency_key
from service.admin.health import Readiness
from service.admin.overview import OverviewView, QuotaView, quota_view
from service.cache.response_cache import CacheScope
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import Links, PageQuery, Total, page_address
from service.http.requests import read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response, list_response
from service.indexing.drift import DriftView
from service.indexing.drift_requests import request_check
from service.indexing.outbox_admin import PointerState, PointerView
from service.indexing.reindex_jobs import ReindexView

bp = Blueprint("admin", url_prefix="/api/v1/admin")


class DriftCheck(BaseModel):
    """What to do with films that differ."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair: Annotated[
        StrictBool, Field(description="Whether they are indexed again.", examples=[False])
    ] = False


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
    next: Annotated[str | None, page_address("next", "/api/v1/admin/outbox")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/outbox")]


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of rebuilds and rollbacks."""

    results: Annotated[list[ReindexView], Field(description="The jobs, newest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/admin/jobs")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/jobs")]


class CacheQuery(BaseModel):
    """Which cached responses to delete; without a scope, all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Annotated[
        CacheScope | None,
        Field(description="The kind of responses; without it, all.", examples=["popular"]),
    ] = None


@dataclass(frozen=True, slots=True)
class ClearedCache:
    """What was deleted."""

    deleted: Annotated[
        int,
        Field(
            description="How many responses were deleted; of a cache in memory, only those of the "
            "process that answers.",
            examples=[12],
        ),
    ]


@bp.delete("/cache", name="clear_cache")
@operation(
    "Delete cached responses, so that the next requests are answered anew",
    query=CacheQuery,
    returns={200: ClearedCache},
    errors=(503,),
    access="admin",
)
async def clear_cache(request: Request) -> HTTPResponse:
    await require_admin(request)
    scope = read_query(request, CacheQuery).scope
    deleted = await get_container(request).response_cache.clear(scope)
    return json_response(ClearedCache(deleted), headers=NO_STORE)


@bp.post("/reindex", name="reindex")
@accept_idempotency_key
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


@bp.get("/jobs", name="jobs")
@operation(
    "The rebuilds and rollbacks, newest first, with the progress of the one that runs",
    query=PageQuery,
    returns={200: JobPage},
    sends=("Link",),
    access="admin",
)
async def jobs(request: Request) -> HTTPResponse:
    await require_admin(request)
    query = read_query(request, PageQuery)
    rows = await get_container(request).reindex_jobs.list_jobs(query.limit, query.offset)
    links = Links.for_list(request.path, query, rows.total)
    page = JobPage(list(rows.results), Total(value=rows.total), links.next, links.previous)
    return list_response(page, links)


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
@accept_idempotency_key
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


@bp.post("/drift", name="check_drift")
@operation(
    "Have an indexer compare index and database now; with `repair`, index again what differs",
    body=DriftCheck,
    returns={202: DriftView},
    access="admin",
    is_body_required=False,
)
async def check_drift(request: Request) -> HTTPResponse:
    await require_admin(request)
    repair = read_body(request, DriftCheck).repair if request.body else False
    await request_check(repair=repair)
    return json_response(await get_container(request).drift.get_last_comparison(), 202, NO_STORE)


@bp.get("/health", name="health")
@operation(
    "The state of each part with its details, as this process sees it",
    returns={200: Readiness},
    access="admin",
)
async def health(request: Request) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).health.readiness(), headers=NO_STORE)


@bp.get("/overview", name="overview")
@operation(
    "How many films there are, what waits to be indexed, and which indexers run",
    returns={200: OverviewView},
    access="admin",
)
async def overview(request: Request) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).overview.get(), headers=NO_STORE)


@bp.get("/quota", name="quota")
@operation(
    "How many of today's OMDb calls are left",
    returns={200: QuotaView},
    access="admin",
)
async def quota(request: Request) -> HTTPResponse:
    await require_admin(request)
    budget = await get_container(request).lookup.get_budget()
    return json_response(quota_view(budget), headers=NO_STORE)


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
    links = Links.for_list(request.path, query, rows.total)
    page = PointerPage(list(rows.results), Total(value=rows.total), links.next, links.previous)
    return list_response(page, links)


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
@accept_idempotency_key
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
