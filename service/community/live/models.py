"""The table of tickets that open a socket."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.accounts.models import Session


class LiveTicket(Model):
    """The SHA-256 of a ticket that opens one socket in the name of a session's user."""

    digest = fields.CharField(max_length=64, primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "movies.Session", related_name="live_tickets", on_delete=fields.CASCADE
    )
    session_id: UUID
    expires_at = fields.DatetimeField()

    class Meta:
        table = "live_tickets"
        table_description = "A ticket that opens one socket within seconds, by its SHA-256."
        indexes = (
            Index(fields=("session_id",), name="idx_live_tickets_session_id"),
            Index(fields=("expires_at",), name="idx_live_tickets_expires_at"),
        )
