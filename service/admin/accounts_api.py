"""The HTTP endpoints for admins about people: invites, and the mails to them."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import require_admin
from service.accounts.emails.schemas import InviteRequest
from service.accounts.responses import InviteView
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import Links, PageQuery, Total, page_address
from service.http.requests import read_body, read_query
from service.http.responses import NO_STORE, json_response, list_response
from service.mail.admin import MailState, MailView

bp = Blueprint("accounts_admin", url_prefix="/api/v1/admin")


class MailQuery(PageQuery):
    """The state of the mails to list; without it, all mails."""

    state: Annotated[
        MailState | None, Field(description="Mails in this state.", examples=["given_up"])
    ] = None


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of mails."""

    results: Annotated[list[MailView], Field(description="The mails, newest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/admin/mail")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/mail")]


@bp.get("/mail", name="mails")
@operation(
    "The mails that are to be sent, were sent in the last week, or were given up; newest first",
    query=MailQuery,
    returns={200: MailPage},
    sends=("Link",),
    access="admin",
)
async def mails(request: Request) -> HTTPResponse:
    await require_admin(request)
    query = read_query(request, MailQuery)
    rows = await get_container(request).mail_admin.list_mails(
        query.state, query.limit, query.offset
    )
    links = Links.for_list(request.path, query, rows.total)
    page = MailPage(list(rows.results), Total(value=rows.total), links.next, links.previous)
    return list_response(page, links)


@bp.post("/mail/<mail:str>/retry", name="retry_mail")
@operation(
    "Try a mail again at once, and for another day",
    returns={202: MailView},
    errors=(404, 409),
    access="admin",
)
async def retry_mail(request: Request, mail: str) -> HTTPResponse:
    await require_admin(request)
    return json_response(await get_container(request).mail_admin.retry(mail), 202, NO_STORE)


@bp.post("/invites", name="create_invite")
@operation(
    "Make a code with which one person may register; it is shown only in this answer",
    body=InviteRequest,
    returns={201: InviteView},
    access="admin",
)
async def create_invite(request: Request) -> HTTPResponse:
    admin = await require_admin(request)
    invite_request = read_body(request, InviteRequest)
    invite = await get_container(request).accounts.invites.create(invite_request, admin)
    return json_response(invite, 201, NO_STORE)
