"""HTTP routes of exports: what is stored about a person, for that person alone."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_session
from service.accounts.idempotency import accept_idempotency_key
from service.clock import from_epoch_ms
from service.errors import Conflict
from service.exports.models import Export
from service.exports.responses import ExportList, ExportView
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.responses import NO_STORE, json_response

ARCHIVE_TYPE = "application/zip"
POLL_INTERVAL = "1"  # seconds after which a client should look again

bp = Blueprint("exports", url_prefix="/api/v1/me/exports")


@bp.post("/", name="request_export")
@accept_idempotency_key
@operation(
    "Have all that is stored about you collected, as a ZIP of JSON and CSV; the one before is "
    "deleted",
    returns={202: ExportView},
    errors=(409, 429),
    sends=("Location",),
    access="user",
)
async def request_export(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    export = await get_container(request).exports.request(identity.user_id)
    headers = {**NO_STORE, "Location": f"/api/v1/me/exports/{export.id}"}
    return json_response(export, 202, headers)


@bp.get("/", name="list_exports")
@operation(
    "Your latest export, and how far it is",
    returns={200: ExportList},
    access="user",
    key="refused",
)
async def list_exports(request: Request) -> HTTPResponse:
    identity = await require_session(request)
    exports = await get_container(request).exports.list_exports(identity.user_id)
    return json_response(ExportList(results=exports), headers=NO_STORE)


@bp.get("/<export:str>", name="show_export")
@operation(
    "The archive of one of your exports, for seven days; until it is made, how far it is",
    returns={200: ARCHIVE_TYPE, 202: ExportView},
    errors=(404, 409),
    sends=("Content-Disposition", "Retry-After"),
    access="user",
    key="refused",
)
async def show_export(request: Request, export: str) -> HTTPResponse | None:
    identity = await require_session(request)
    row = await get_container(request).exports.get(identity.user_id, export)
    view = ExportView.from_export(row)
    if view.state == "failed":
        raise Conflict("This export has failed; request another one.", code="export_failed")
    if view.state != "done":
        return json_response(view, 202, {**NO_STORE, "Retry-After": POLL_INTERVAL})
    return await _send_archive(request, row)


async def _send_archive(request: Request, export: Export) -> HTTPResponse | None:
    """Send the archive piece by piece, as fast as the client reads."""
    day = from_epoch_ms(export.created_at).date()
    headers = {
        **NO_STORE,
        "Content-Disposition": f'attachment; filename="movies-export-{day}.zip"',
        "Content-Length": str(export.size_bytes),
    }
    if request.method == "HEAD":
        return HTTPResponse(headers=headers, content_type=ARCHIVE_TYPE)
    response = await request.respond(headers=headers, content_type=ARCHIVE_TYPE)
    async for chunk in get_container(request).exports.read_chunks(export):
        await response.send(chunk)
    await response.eof()
    return None
