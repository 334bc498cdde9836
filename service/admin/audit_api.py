"""The HTTP endpoint of the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.administration.service import require_user
from service.accounts.auth import require_admin
from service.accounts.models import MAX_EMAIL_LENGTH
from service.audit.actor import ActorKind
from service.audit.listing import AuditFilters, select_entries
from service.audit.log import AuditAction, SubjectKind
from service.audit.models import MAX_ID_LENGTH, AuditEntry
from service.clock import from_epoch_ms
from service.errors import FieldError, Invalid, NotFound
from service.films.schemas import Line
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import CursorPageQuery, Total, page_address
from service.http.requests import read_query
from service.http.row_pages import page_response, read_page
from service.text.uuids import parse_uuid

bp = Blueprint("audit", url_prefix="/api/v1/admin")

ACCOUNT_ID, FILM_ID = "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42", "01993f80-1d3c-7b5a-9e2f-6a7b8c9d0e1f"


class AuditQuery(CursorPageQuery):
    """Which entries to list; without a filter, all."""

    actor: Annotated[
        Annotated[Line, StringConstraints(max_length=MAX_EMAIL_LENGTH)] | None,
        Field(
            description="Entries of what the account of this id, name or address did.",
            examples=["ada"],
        ),
    ] = None
    actor_kind: Annotated[
        ActorKind | None,
        Field(description="Entries of what such an actor did.", examples=["command_line"]),
    ] = None
    action: Annotated[
        AuditAction | None, Field(description="Entries of this action.", examples=["film_deleted"])
    ] = None
    subject: Annotated[
        Annotated[Line, StringConstraints(max_length=MAX_ID_LENGTH)] | None,
        Field(
            description="Entries of what was done to the film, account or other thing of this id.",
            examples=[FILM_ID],
        ),
    ] = None
    subject_kind: Annotated[
        SubjectKind | None,
        Field(description="Entries of what was done to such things.", examples=["film"]),
    ] = None
    since: Annotated[
        AwareDatetime | None,
        Field(description="Entries of this time or later.", examples=["2026-11-27T20:00:00Z"]),
    ] = None
    until: Annotated[
        AwareDatetime | None,
        Field(description="Entries from before this time.", examples=["2026-11-28T20:00:00Z"]),
    ] = None

    def to_filters(self, actor_id: UUID | None) -> AuditFilters:
        """Return the filters as a value; `actor_id` is the account that `actor` names."""
        return AuditFilters(
            actor_id=actor_id,
            actor_kind=self.actor_kind,
            action=self.action,
            subject_id=self.subject,
            subject_kind=self.subject_kind,
            since=self.since,
            until=self.until,
        )


class ActorView(BaseModel):
    """Who did something: a user, a visitor, the caller of a command, or the service."""

    model_config = ConfigDict(frozen=True)

    kind: Annotated[
        ActorKind,
        Field(
            description="A user, a visitor who is not logged in, the caller of a command, or the "
            "service itself.",
            examples=["user"],
        ),
    ]
    id: Annotated[UUID | None, Field(description="The account.", examples=[ACCOUNT_ID])]
    name: Annotated[
        str | None,
        Field(
            description="Its name, or the caller's name in the operating system.", examples=["ada"]
        ),
    ]
    key: Annotated[
        UUID | None,
        Field(
            description="The API key that the user acted by; null for a login.",
            examples=["01993f88-3e5d-7a90-b1c2-4d6e8f0a1b3c"],
        ),
    ]
    address: Annotated[
        str | None, Field(description="The network address.", examples=["192.0.2.1"])
    ]


class SubjectView(BaseModel):
    """What something was done to, such as a film or an account."""

    model_config = ConfigDict(frozen=True)

    kind: Annotated[SubjectKind, Field(description="What it is.", examples=["film"])]
    id: Annotated[str | None, Field(description="Its id.", examples=[FILM_ID])]
    name: Annotated[
        str | None,
        Field(description="What it was called at that time.", examples=["Jaws"]),
    ]


@dataclass(frozen=True, slots=True)
class AuditView:
    """One change by an admin, or one event that matters to security."""

    id: Annotated[
        UUID,
        Field(description="The entry.", examples=["01993f90-7c2d-7e4b-8f1a-2b3c4d5e6f70"]),
    ]
    at: Annotated[
        datetime, Field(description="When it happened.", examples=["2026-11-27T20:00:00Z"])
    ]
    action: Annotated[AuditAction, Field(description="What was done.", examples=["film_changed"])]
    actor: Annotated[ActorView, Field(description="Who did it.")]
    subject: Annotated[SubjectView | None, Field(description="What it was done to.")]
    details: Annotated[
        dict[str, Any],
        Field(description="What else is known of it.", examples=[{"fields": ["year"]}]),
    ]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the audit log."""

    results: Annotated[list[AuditView], Field(description="The entries, newest first.")]
    total: Annotated[Total, Field(description="How many there are in all.")]
    next: Annotated[str | None, page_address("next", "/api/v1/admin/audit")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/admin/audit")]


@bp.get("/audit", name="audit")
@operation(
    "What admins changed, and what happened that matters to security, newest first",
    query=AuditQuery,
    returns={200: AuditPage},
    sends=("Link",),
    access="admin",
)
async def audit(request: Request) -> HTTPResponse:
    await require_admin(request)
    query = read_query(request, AuditQuery)
    filters = query.to_filters(await _find_actor(query.actor) if query.actor else None)
    rows, cursors = select_entries(filters), get_container(request).cursors
    page = await read_page(rows, query, request.path, cursors, column="at")
    views = [audit_view(entry) for entry in page.rows]
    return page_response(AuditPage, views, page)


async def _find_actor(text: str) -> UUID:
    """Return the id of an account, which may be erased, or of the account of a name or address.

    Raises:
        Invalid: there is no such account.
    """
    if (actor_id := parse_uuid(text)) is not None:
        return actor_id
    try:
        return (await require_user(text)).id
    except NotFound:
        errors = (FieldError("actor", "is neither an id nor the name or address of an account"),)
        raise Invalid("Invalid: actor.", errors=errors) from None


def audit_view(entry: AuditEntry) -> AuditView:
    """Return an entry as admins see it."""
    subject = None
    if entry.subject_kind is not None:
        kind = cast(SubjectKind, entry.subject_kind)
        subject = SubjectView(kind=kind, id=entry.subject_id, name=entry.subject_name)
    return AuditView(
        id=entry.id,
        at=from_epoch_ms(entry.at),
        action=cast(AuditAction, entry.action),
        actor=ActorView(
            kind=cast(ActorKind, entry.actor_kind),
            id=entry.actor_id,
            name=entry.actor_name,
            key=entry.key_id,
            address=entry.address,
        ),
        subject=subject,
        details=entry.details,
    )
