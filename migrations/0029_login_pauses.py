"""Failed logins count per account and network; networks of the owner are known."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0028_drift_state_without_lease")]

    operations = [
        # Counts of the last hour are lost; they were kept per name and per network.
        ops.DeleteModel(name="LoginFailure"),
        ops.CreateModel(
            name="LoginFailure",
            fields=[
                (
                    "key",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("account_key", fields.CharField(max_length=64)),
                ("failures", fields.IntField(default=1)),
                ("blocked_until", fields.BigIntField(default=0)),
                ("forgotten_at", fields.BigIntField()),
            ],
            options={
                "table": "login_failures",
                "app": "movies",
                "indexes": [
                    Index(fields=["forgotten_at"], name="idx_login_failures_forgotten_at"),
                    Index(fields=["account_key"], name="idx_login_failures_account_key"),
                ],
                "pk_attr": "key",
                "table_description": "How often a login to one account has failed, from one "
                "network or from all.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="KnownNetwork",
            fields=[
                (
                    "key",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "movies.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="known_networks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("logged_in_at", fields.BigIntField()),
            ],
            options={
                "table": "known_networks",
                "app": "movies",
                "indexes": [
                    Index(fields=["user_id"], name="idx_known_networks_user_id"),
                    Index(fields=["logged_in_at"], name="idx_known_networks_logged_in_at"),
                ],
                "pk_attr": "key",
                "table_description": "A network from which a user has logged in, by a keyed hash "
                "of both.",
            },
            bases=["Model"],
        ),
    ]
