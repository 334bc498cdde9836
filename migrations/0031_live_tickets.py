"""A ticket opens one socket for live events."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0030_account_language")]

    operations = [
        ops.CreateModel(
            name="LiveTicket",
            fields=[
                (
                    "digest",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "session",
                    fields.ForeignKeyField(
                        "movies.Session",
                        source_field="session_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="live_tickets",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "live_tickets",
                "app": "movies",
                "indexes": [
                    Index(fields=["session_id"], name="idx_live_tickets_session_id"),
                    Index(fields=["expires_at"], name="idx_live_tickets_expires_at"),
                ],
                "pk_attr": "digest",
                "table_description": "A ticket that opens one socket within seconds, by its "
                "SHA-256.",
            },
            bases=["Model"],
        ),
    ]
