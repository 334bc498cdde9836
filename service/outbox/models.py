"""The outbox table: one row per change of a film that the index has not seen yet."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Outbox(Model):
    """A pointer to a film that the index has not yet seen in this version.

    `due_at` is the earliest time of the next attempt; a claim moves it to the end of its lease.
    A row with `done_at` is acknowledged. A row with `quarantined_at` can never succeed and waits,
    with its reason, for a person. Times are milliseconds since the epoch.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    film_id = fields.UUIDField()
    version = fields.BigIntField()
    due_at = fields.BigIntField(default=0)
    owner = fields.CharField(max_length=100, null=True)
    attempts = fields.IntField(default=0)
    reason = fields.CharField(max_length=500, null=True)
    created_at = fields.BigIntField()
    done_at = fields.BigIntField(null=True)
    quarantined_at = fields.BigIntField(null=True)

    class Meta:
        table = "outbox"
        indexes = (
            Index(fields=("done_at",), name="idx_outbox_done_at"),
            Index(fields=("film_id",), name="idx_outbox_film_id"),
        )
