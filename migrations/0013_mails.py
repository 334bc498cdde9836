"""Mails wait in an outbox of their own until they are sent."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0012_indexer_names")]

    operations = [
        ops.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=32)),
                ("recipient", fields.CharField(max_length=254)),
                ("language", fields.CharField(max_length=8)),
                ("account_id", fields.UUIDField(null=True)),
                ("due_at", fields.BigIntField(default=0)),
                ("owner", fields.CharField(null=True, max_length=100)),
                ("attempts", fields.IntField(default=0)),
                ("interrupted", fields.IntField(default=0)),
                ("reason", fields.CharField(null=True, max_length=500)),
                ("created_at", fields.BigIntField()),
                ("tried_since", fields.BigIntField()),
                ("sent_at", fields.BigIntField(null=True)),
                ("given_up_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "mails",
                "app": "movies",
                "indexes": [
                    Index(fields=["due_at"], name="idx_mails_due_at"),
                    Index(fields=["recipient", "kind"], name="idx_mails_recipient"),
                ],
                "pk_attr": "id",
                "table_description": "One mail to be sent: its kind and recipient. Its text is "
                "composed when it is sent.",
            },
            bases=["Model"],
        ),
    ]
