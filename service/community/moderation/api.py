"""The HTTP routes by which users report reviews, and admins decide about them."""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin, require_user
from service.accounts.idempotency import accept_idempotency_key
from service.accounts.sessions.tokens import Identity
from service.community.moderation.responses import ReportPage, ReportView, report_view
from service.community.moderation.schemas import NewReport, ReportDecision, ReportQuery
from service.community.readers import Reader
from service.community.reviews.models import ReviewReport
from service.community.reviews.views import review_views
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.requests import read_body, read_path_text, read_query
from service.http.responses import NO_STORE, json_response
from service.http.row_pages import page_response, read_page

bp = Blueprint("moderation", url_prefix="/api/v1")


@bp.post("/reviews/<review:str>/report", name="report_review")
@accept_idempotency_key
@operation(
    "Ask the admins to look at a review of somebody else",
    body=NewReport,
    returns={204: None},
    errors=(404, 409, 429),
    access="user",
    key="write",
)
async def report_review(request: Request, review: str) -> HTTPResponse:
    identity, report = await require_user(request), read_body(request, NewReport)
    await get_container(request).moderation.report(
        identity.user_id, read_path_text(review), report.reason, report.comment
    )
    return HTTPResponse(status=204, headers=NO_STORE)


@bp.get("/admin/reports", name="list_reports")
@operation(
    "List what users report: reports to be decided, the oldest first, or those that were",
    query=ReportQuery,
    returns={200: ReportPage},
    sends=("Link",),
    access="admin",
)
async def list_reports(request: Request) -> HTTPResponse:
    admin = await require_admin(request)
    query, services = read_query(request, ReportQuery), get_container(request)
    page = await read_page(
        services.moderation.find_reports(query.state),
        query,
        request.path,
        services.cursors,
        column="created_at",
        is_descending=query.state == "decided",
    )
    views = await _to_views(request, admin, page.rows)
    return page_response(ReportPage, views, page)


@bp.post("/admin/reports/<report:str>", name="decide_report")
@operation(
    "Hide a reported review, dismiss its reports, or restore it; the author is told by mail",
    body=ReportDecision,
    returns={200: ReportView},
    errors=(404, 409),
    access="admin",
)
async def decide_report(request: Request, report: str) -> HTTPResponse:
    admin, decision = await require_admin(request), read_body(request, ReportDecision)
    decided = await get_container(request).moderation.decide(
        read_path_text(report), decision.action, decision.note
    )
    [view] = await _to_views(request, admin, [decided])
    return json_response(view, headers=NO_STORE)


async def _to_views(
    request: Request, admin: Identity, reports: list[ReviewReport]
) -> list[ReportView]:
    reader = Reader(admin.user_id, is_admin=True)
    reviews = await review_views(request, reader, [report.review for report in reports])
    return [report_view(*pair) for pair in zip(reports, reviews, strict=True)]
