"""Requests are remembered by their Idempotency-Key, so that a retry creates nothing twice."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0010_scheduled_tasks")]

    operations = [
        ops.CreateModel(
            name="IdempotentRequest",
            fields=[
                (
                    "key",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("fingerprint", fields.CharField(max_length=64)),
                ("claim", fields.CharField(max_length=32)),
                ("expires_at", fields.BigIntField()),
                ("status", fields.IntField(null=True)),
                ("headers", fields.TextField(null=True, unique=False)),
                ("body", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "idempotent_requests",
                "app": "movies",
                "pk_attr": "key",
                "table_description": (
                    "A request with an Idempotency-Key: in flight, or with the answer that a "
                    "retry gets."
                ),
                "indexes": [
                    Index(fields=("expires_at",), name="idx_idempotent_requests_expires_at")
                ],
            },
            bases=["Model"],
        ),
    ]
