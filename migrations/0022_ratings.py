"""Users vote for films and give them scores."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0021_api_keys")]

    operations = [
        ops.CreateModel(
            name="Rating",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "movies.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="ratings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("film_id", fields.UUIDField()),
                ("title", fields.CharField(max_length=500)),
                ("year", fields.IntField(null=True)),
                ("vote", fields.CharField(null=True, max_length=4)),
                ("score", fields.IntField(null=True)),
                ("rated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "ratings",
                "app": "movies",
                "unique_together": (("user", "film_id"),),
                "indexes": [
                    Index(fields=["user_id", "rated_at"], name="idx_ratings_user_id"),
                    Index(fields=["film_id"], name="idx_ratings_film_id"),
                ],
                "pk_attr": "id",
                "table_description": "A user's vote and score of a film. `title` and `year` are shown once it is deleted.",
            },
            bases=["Model"],
        ),
    ]
