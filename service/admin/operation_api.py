"""The HTTP endpoints of operation: health, status, metrics, the API's description."""

from pathlib import Path
from typing import Annotated, Literal

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.admin.health import STOPPING, Readiness
from service.admin.metrics_endpoint import authorize_scrape, has_metrics_token, render_metrics
from service.admin.setup_status import StatusView
from service.http.client_address import is_local_and_named_so
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.openapi_document import encode_document
from service.http.responses import NO_STORE, conditional_response, json_response

bp = Blueprint("operation")

DOCS_FOLDER = Path(__file__).parent / "static" / "swagger-ui"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}


class Liveness(BaseModel):
    """The answer of a process that lives."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["alive"], Field(description="Always this.", examples=["alive"])] = (
        "alive"
    )


@bp.get("/health/live", name="live")
@operation(
    "Whether this process answers; checks nothing else", returns={200: Liveness}, key="ignored"
)
async def live(request: Request) -> HTTPResponse:
    return json_response(Liveness(), headers=NO_STORE)


@bp.get("/health/ready", name="ready")
@operation(
    "The state of each part; details only on this machine or with METRICS_TOKEN as a bearer token",
    returns={200: Readiness, 503: Readiness},
    key="ignored",
)
async def ready(request: Request) -> HTTPResponse:
    draining = request.app.ctx.draining
    readiness = STOPPING if draining else await get_container(request).health.readiness()
    if not (is_local_and_named_so(request) or has_metrics_token(request)):
        readiness = readiness.without_details()
    status = 503 if readiness.status in ("unavailable", "stopping") else 200
    return json_response(readiness, status, NO_STORE)


@bp.get("/api/v1/status", name="status")
@operation(
    "Whether the service works, and what is left to set up; the admin only on this machine",
    returns={200: StatusView, 503: StatusView},
    key="ignored",
)
async def status(request: Request) -> HTTPResponse:
    view = await get_container(request).setup_status.get()
    if not is_local_and_named_so(request):
        view = view.without_admin()
    return json_response(view, 200 if view.status == "OK" else 503, NO_STORE)


@bp.get("/metrics", name="metrics")
@operation(
    "Metrics for Prometheus; they need METRICS_TOKEN as a bearer token, if one is set",
    returns={200: "text/plain"},
    errors=(401, 403),
    access="metrics",
)
async def metrics(request: Request) -> HTTPResponse:
    authorize_scrape(request)
    return json_response(await render_metrics(), headers=NO_STORE, media_type=CONTENT_TYPE_LATEST)


@bp.get("/openapi.json", name="openapi")
@operation(
    "This API as an OpenAPI 3.1 document",
    returns={200: "application/json", 304: None},
    sends=("ETag", "Cache-Control"),
    key="ignored",
)
async def contract(request: Request) -> HTTPResponse:
    app = request.app
    if not hasattr(app.ctx, "contract"):
        app.ctx.contract = encode_document(app, get_container(request).version)
    document, tag = app.ctx.contract
    return conditional_response(request, document, tag, {"Cache-Control": "no-cache"})


@bp.get("/docs", name="docs")
@operation("This API as a web page", returns={200: "text/html"}, key="ignored")
async def docs(request: Request) -> HTTPResponse:
    return _serve_static_file("index.html")


@bp.get("/docs/<name:(index\\.js|swagger-ui\\.css|swagger-ui-bundle\\.js)>", name="docs_asset")
async def docs_asset(request: Request, name: str) -> HTTPResponse:
    return _serve_static_file(name)


def _serve_static_file(name: str) -> HTTPResponse:
    """Serve a file of the API's web page under a policy that allows no foreign content."""
    path = DOCS_FOLDER / name
    return HTTPResponse(
        path.read_bytes(),
        content_type=CONTENT_TYPES[path.suffix],
        headers={"Content-Security-Policy": DOCS_POLICY, "Cache-Control": "public, max-age=3600"},
    )
