"""The table of the audit log: who changed what, when, and from where."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

MAX_ACTION_LENGTH = 40  # characters
MAX_NAME_LENGTH = 200  # characters of a name; a longer title is cut
MAX_ADDRESS_LENGTH = 100  # characters of a network address
MAX_ID_LENGTH = 64  # characters


class AuditEntry(Model):
    """One change by an admin, or one event that matters to security.

    Names are those of the moment: films are renamed and deleted later. `details` never holds a
    secret. `at` is the database's time, in milliseconds since the epoch.
    """

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    at = fields.BigIntField()
    action = fields.CharField(max_length=MAX_ACTION_LENGTH)
    actor_kind = fields.CharField(max_length=16)
    actor_id: UUID | None = fields.UUIDField(null=True)
    actor_name = fields.CharField(max_length=MAX_NAME_LENGTH, null=True)
    key_id: UUID | None = fields.UUIDField(null=True)
    address = fields.CharField(max_length=MAX_ADDRESS_LENGTH, null=True)
    subject_kind = fields.CharField(max_length=16, null=True)
    subject_id = fields.CharField(max_length=MAX_ID_LENGTH, null=True)
    subject_name = fields.CharField(max_length=MAX_NAME_LENGTH, null=True)
    details: dict[str, Any] = fields.JSONField(default=dict)

    class Meta:
        table = "audit_entries"
        table_description = "One change by an admin, or one event that matters to security."
        indexes = (
            Index(fields=("at", "id"), name="idx_audit_entries_at"),
            Index(fields=("actor_id", "at"), name="idx_audit_entries_actor_id"),
            Index(fields=("subject_id", "at"), name="idx_audit_entries_subject_id"),
        )
