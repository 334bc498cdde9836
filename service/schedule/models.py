"""The table of scheduled tasks: when each is due, and which process runs it."""

from tortoise import fields
from tortoise.models import Model


class ScheduledTaskState(Model):
    """The state of one scheduled task, shared by all indexers.

    `owner` runs the task while `leased_until` is in the future. `failures` counts the runs that
    failed since the last one that succeeded, `reason` is the last one's. Times are milliseconds
    since the epoch.
    """

    name = fields.CharField(max_length=40, primary_key=True)
    due_at = fields.BigIntField(default=0)
    owner = fields.CharField(max_length=100, null=True)
    leased_until = fields.BigIntField(default=0)
    finished_at = fields.BigIntField(null=True)
    failures = fields.IntField(default=0)
    reason = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "scheduled_tasks"
        table_description = "When each scheduled task is due, and which process runs it."
