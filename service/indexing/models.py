"""The tables of reindex jobs and of the last comparison between index and database."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


class Step(StrEnum):
    """The state of a rebuild.

    It is saved before the step begins, and every step may be begun again, so that another indexer
    can continue when the first one is killed.
    """

    QUEUED = "queued"
    CREATING = "creating"
    FILLING = "filling"
    CATCHING_UP = "catching_up"
    VERIFYING = "verifying"
    SWAPPING = "swapping"
    SETTLING = "settling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


CANCELLABLE_STEPS = (
    Step.QUEUED,
    Step.CREATING,
    Step.FILLING,
    Step.CATCHING_UP,
    Step.VERIFYING,
)
"""The steps at which a rebuild can still be cancelled."""


class ReindexJob(Model):
    """One rebuild of the index, or a rollback to the previous index.

    `active` is 1 while the job is requested or running, else null; it is unique, so that there is
    at most one such job. `kind` is `rebuild` or `rollback`. `checkpoint` is the last film id that
    the new index holds. `began_ms` is the time before the first page was read, from which on the
    outbox is read again; `swapped_ms` is the time at which `previous_name` was no longer written.
    All times are in milliseconds since the epoch, by the database's clock. `golden` holds the
    results of the golden queries in the old and the new index. `owner` runs the job while
    `leased_until` is in the future.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=8, default="rebuild", db_default="rebuild")
    state = fields.CharField(max_length=12, default="queued")
    active = fields.IntField(null=True, unique=True)
    cancel_asked = fields.IntField(default=0, db_default=0)
    index_name = fields.CharField(max_length=200, null=True)
    previous_name = fields.CharField(max_length=200, null=True)
    checkpoint = fields.UUIDField(null=True)
    began_ms = fields.BigIntField(null=True)
    swapped_ms = fields.BigIntField(null=True)
    done = fields.BigIntField(default=0)
    total = fields.BigIntField(default=0)
    rate = fields.FloatField(default=0.0)
    golden: list[dict[str, Any]] | None = fields.JSONField(null=True)
    reason = fields.CharField(max_length=500, null=True)
    owner = fields.CharField(max_length=100, null=True)
    leased_until = fields.BigIntField(default=0)
    created_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reindex_jobs"
        table_description = (
            "One rebuild of the index. `active` is 1 while it is wanted or under way, else null."
        )


class DriftState(Model):
    """The only row of the result of the last full comparison between index and database.

    `found` lists the first films that differ.
    """

    name = fields.CharField(max_length=20, primary_key=True)
    index_name = fields.CharField(max_length=200, null=True)
    checked_at = fields.DatetimeField(null=True)
    compared = fields.BigIntField(default=0)
    missing = fields.BigIntField(default=0)
    stale = fields.BigIntField(default=0)
    orphaned = fields.BigIntField(default=0)
    found: list[dict[str, Any]] = fields.JSONField(default=list)

    class Meta:
        table = "drift_state"
        table_description = (
            "The one row that says how the index differed from the database when all was last "
            "compared."
        )


class IndexerHeartbeat(Model):
    """The last heartbeat of each indexer.

    `beat_ms` is in milliseconds since the epoch by the database's clock.
    """

    name = fields.CharField(max_length=100, primary_key=True)
    beat_ms = fields.BigIntField()

    class Meta:
        table = "indexer_heartbeat"
        table_description = "When each indexer last ran."
