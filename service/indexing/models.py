"""What the people who run the service leave behind: rebuilds of the index, as job rows, and the
last comparison of the index with the database.
"""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


class Step(StrEnum):
    """Where a rebuild stands. It is noted before the step begins, and every step may be begun
    again: that is what lets a killed indexer's successor go on.
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
"""While a rebuild stands at one of these, it can still be called off."""


class ReindexJob(Model):
    """One rebuild of the index. `active` is 1 while it is wanted or under way, else null.

    `active` is unique, so that two rebuilds at once cannot be filed. `kind` is `rebuild`, or
    `rollback` for the way back to the index before. `checkpoint` is the last film id that the
    fresh index holds; `began_ms` is the time before the first page was read, from which on the
    outbox is read again; `swapped_ms` the time at which `previous_name` ceased to be written (all
    times in milliseconds since the epoch, by the database's clock). `golden` holds what trial
    queries found in the old index and in the new. `owner` runs it while `leased_until` lies ahead.
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


class DriftState(Model):
    """The one row that says how the index differed from the database when all was last compared.

    `found` names the first of the films. `owner` compares in the background while `leased_until`
    (milliseconds since the epoch) lies ahead.
    """

    name = fields.CharField(max_length=20, primary_key=True)
    index_name = fields.CharField(max_length=200, null=True)
    checked_at = fields.DatetimeField(null=True)
    compared = fields.BigIntField(default=0)
    missing = fields.BigIntField(default=0)
    stale = fields.BigIntField(default=0)
    orphaned = fields.BigIntField(default=0)
    found: list[dict[str, Any]] = fields.JSONField(default=list)
    owner = fields.CharField(max_length=100, null=True)
    leased_until = fields.BigIntField(default=0)

    class Meta:
        table = "drift_state"
