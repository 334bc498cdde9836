"""The tables of exports: one row per user, and its archive in pieces."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7


class Export(Model):
    """A request for an archive of what is stored about a user; the next request replaces it.

    `due_at` is the earliest time of the next attempt; a claim moves it to the end of its lease.
    `attempts` counts the claims; the archive is that of the last one. Once `finished_at` is set,
    `failure` says whether there is an archive. Times are milliseconds since the epoch.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.OneToOneRelation["Model"] = fields.OneToOneField(
        "movies.User", related_name="export", on_delete=fields.CASCADE
    )
    user_id: UUID
    created_at = fields.BigIntField()
    due_at = fields.BigIntField(default=0)
    owner = fields.CharField(max_length=100, null=True)
    attempts = fields.IntField(default=0)
    finished_at = fields.BigIntField(null=True)
    failure = fields.CharField(max_length=20, null=True)
    size_bytes = fields.BigIntField(null=True)

    class Meta:
        table = "exports"
        table_description = "One archive of what is stored about a user, requested or made."
        indexes = (Index(fields=("due_at",), name="idx_exports_due_at"),)


class ExportChunk(Model):
    """A piece of an archive; `attempt` is the claim that wrote it, so that no two are mixed."""

    id = fields.BigIntField(primary_key=True, generated=True)
    export: fields.ForeignKeyRelation[Export] = fields.ForeignKeyField(
        "movies.Export", related_name="chunks", on_delete=fields.CASCADE
    )
    export_id: UUID
    attempt = fields.IntField()
    number = fields.IntField()
    data = fields.BinaryField()

    class Meta:
        table = "export_chunks"
        table_description = "A piece of an export's archive."
        unique_together = (("export", "attempt", "number"),)
