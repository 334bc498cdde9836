"""What the people who run the service leave behind: rebuilds of the index, as job rows."""

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


class ReindexJob(Model):
    """One rebuild of the index. `active` is 1 while it is wanted or under way, else null.

    `active` is unique, so that two rebuilds at once cannot be filed. `checkpoint` is the last
    film id that the fresh index holds; `began_ms` is the time before the first page was read, from
    which on the outbox is read again. `owner` runs it while `leased_until` (milliseconds since the
    epoch) lies ahead.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    state = fields.CharField(max_length=12, default="queued")
    active = fields.IntField(null=True, unique=True)
    index_name = fields.CharField(max_length=200, null=True)
    checkpoint = fields.UUIDField(null=True)
    began_ms = fields.BigIntField(null=True)
    done = fields.BigIntField(default=0)
    total = fields.BigIntField(default=0)
    rate = fields.FloatField(default=0.0)
    reason = fields.CharField(max_length=500, null=True)
    owner = fields.CharField(max_length=100, null=True)
    leased_until = fields.BigIntField(default=0)
    created_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reindex_jobs"
