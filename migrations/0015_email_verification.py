"""Addresses are confirmed and passwords reset through mails; people are invited."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0014_film_redirects")]

    operations = [
        ops.AddField(
            model_name="User", name="confirmed_at", field=fields.DatetimeField(null=True)
        ),
        ops.AddField(model_name="User", name="confirm_by", field=fields.DatetimeField(null=True)),
        ops.AddField(
            model_name="User", name="new_email", field=fields.CharField(null=True, max_length=254)
        ),
        ops.AddIndex(
            model_name="User", index=Index(fields=["confirm_by"], name="idx_users_confirm_by")
        ),
        ops.CreateModel(
            name="AccountToken",
            fields=[
                (
                    "digest",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "movies.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="link_tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("purpose", fields.CharField(max_length=16)),
                ("email", fields.CharField(max_length=254)),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
                ("used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "account_tokens",
                "app": "movies",
                "indexes": [Index(fields=["user_id"], name="idx_account_tokens_user_id")],
                "pk_attr": "digest",
                "table_description": "A token in a mail, by its SHA-256: to confirm an address or "
                "to set a password.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invite",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("digest", fields.CharField(unique=True, max_length=64)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "movies.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="invites",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
                ("used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "invites",
                "app": "movies",
                "pk_attr": "id",
                "table_description": "A code with which one person may register, by its SHA-256.",
            },
            bases=["Model"],
        ),
    ]
