"""Users keep what they have seen, what they want to see, and lists of films."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


def _id():
    return ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True))


def _owner(model: str, name: str, related_name: str):
    return (
        name,
        fields.ForeignKeyField(
            f"movies.{model}",
            source_field=f"{name}_id",
            db_constraint=True,
            to_field="id",
            related_name=related_name,
            on_delete=OnDelete.CASCADE,
        ),
    )


def _film():
    return [
        ("film_id", fields.UUIDField()),
        ("title", fields.CharField(max_length=500)),
        ("year", fields.IntField(null=True)),
    ]


class Migration(migrations.Migration):
    dependencies = [("movies", "0019_tallies")]

    operations = [
        ops.AddField(
            model_name="User",
            name="profile",
            field=fields.CharField(default="private", db_default="private", max_length=8),
        ),
        ops.CreateModel(
            name="HistoryEntry",
            fields=[
                _id(),
                _owner("User", "user", "history"),
                *_film(),
                ("watched_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("is_day", fields.BooleanField(default=False)),
                ("is_rewatch", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "history_entries",
                "app": "movies",
                "indexes": [
                    Index(fields=["user_id", "watched_at"], name="idx_history_entries_user_id"),
                    Index(fields=["film_id", "user_id"], name="idx_history_entries_film_id"),
                ],
                "pk_attr": "id",
                "table_description": "One time that a user saw a film. `title` and `year` are "
                "shown once it is deleted.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WatchlistEntry",
            fields=[
                _id(),
                _owner("User", "user", "watchlist"),
                *_film(),
                ("added_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "watchlist_entries",
                "app": "movies",
                "unique_together": (("user", "film_id"),),
                "indexes": [Index(fields=["film_id"], name="idx_watchlist_entries_film_id")],
                "pk_attr": "id",
                "table_description": "A film that a user wants to see. `title` and `year` are "
                "shown once it is deleted.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FilmList",
            fields=[
                _id(),
                _owner("User", "user", "lists"),
                ("name", fields.CharField(max_length=100)),
                ("description", fields.CharField(null=True, max_length=2000)),
                ("visibility", fields.CharField(default="private", max_length=8)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "film_lists",
                "app": "movies",
                "indexes": [Index(fields=["user_id", "updated_at"], name="idx_film_lists_user_id")],
                "pk_attr": "id",
                "table_description": "A list of films that a user made.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ListItem",
            fields=[
                _id(),
                _owner("FilmList", "list", "items"),
                *_film(),
                ("note", fields.CharField(null=True, max_length=2000)),
                ("position", fields.IntField()),
                ("added_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "list_items",
                "app": "movies",
                "unique_together": (("list", "film_id"),),
                "indexes": [
                    Index(fields=["film_id"], name="idx_list_items_film_id"),
                    Index(fields=["list_id", "position"], name="idx_list_items_list_id"),
                ],
                "pk_attr": "id",
                "table_description": "A film of a list. `title` and `year` are shown once the "
                "film is deleted.",
            },
            bases=["Model"],
        ),
    ]
