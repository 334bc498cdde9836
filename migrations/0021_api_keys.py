"""Users make API keys for programs."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0020_history_watchlist_lists")]

    operations = [
        ops.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("digest", fields.CharField(unique=True, max_length=64)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "movies.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="keys",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=60)),
                ("scopes", fields.CharField(max_length=100)),
                ("ending", fields.CharField(max_length=8)),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField(null=True)),
                ("last_used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "api_keys",
                "app": "movies",
                "indexes": [Index(fields=["user_id"], name="idx_api_keys_user_id")],
                "pk_attr": "id",
                "table_description": "A key with which programs call the API for a user, by its "
                "SHA-256.",
            },
            bases=["Model"],
        ),
    ]
