"""Scheduled tasks of indexers run under a lease, one indexer at a time."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0009_unreadable_miss")]

    operations = [
        ops.CreateModel(
            name="ScheduledTaskState",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                ("due_at", fields.BigIntField(default=0)),
                ("owner", fields.CharField(null=True, max_length=100)),
                ("leased_until", fields.BigIntField(default=0)),
                ("finished_at", fields.BigIntField(null=True)),
                ("failures", fields.IntField(default=0)),
                ("reason", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "scheduled_tasks",
                "app": "movies",
                "pk_attr": "name",
                "table_description": "When each scheduled task is due, and which process runs it.",
            },
            bases=["Model"],
        ),
    ]
