"""Users review films, like and report reviews, and block each other; keeping reviews is a choice."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


def _id():
    return ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True))


def _reference(model, name, related_name, on_delete=OnDelete.CASCADE, null=False):
    return (
        name,
        fields.ForeignKeyField(
            f"movies.{model}",
            source_field=f"{name}_id",
            null=null,
            db_constraint=True,
            to_field="id",
            related_name=related_name,
            on_delete=on_delete,
        ),
    )


def _time(name, null=False):
    return (name, fields.DatetimeField(null=null, auto_now=False, auto_now_add=False))


def _table(name, model_fields, table, description, indexes, unique=()):
    return ops.CreateModel(
        name=name,
        fields=model_fields,
        options={
            "table": table,
            "app": "movies",
            "indexes": indexes,
            "pk_attr": "id",
            "table_description": description,
            **({"unique_together": (unique,)} if unique else {}),
        },
        bases=["Model"],
    )


class Migration(migrations.Migration):
    dependencies = [("movies", "0026_disabled_accounts")]

    operations = [
        ops.AddField(
            model_name="User",
            name="keep_reviews",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Mail", name="subject_id", field=fields.UUIDField(null=True)
        ),
        _table(
            "Review",
            [
                _id(),
                _reference("User", "user", "reviews", null=True),
                ("film_id", fields.UUIDField()),
                ("film_title", fields.CharField(max_length=500)),
                ("film_year", fields.IntField(null=True)),
                ("title", fields.CharField(max_length=200)),
                ("body", fields.TextField(unique=False)),
                ("html", fields.TextField(unique=False)),
                ("html_version", fields.IntField()),
                ("score", fields.IntField(null=True)),
                ("spoiler", fields.BooleanField(default=False)),
                ("language", fields.CharField(max_length=8)),
                ("likes", fields.IntField(default=0)),
                _time("hidden_at", null=True),
                ("hidden_note", fields.CharField(null=True, max_length=500)),
                _time("created_at"),
                _time("updated_at"),
                _time("edited_at", null=True),
            ],
            "reviews",
            "What one user wrote about one film, in Markdown.",
            [
                Index(fields=["film_id", "created_at"], name="idx_reviews_film_id"),
                Index(fields=["user_id", "created_at"], name="idx_reviews_user_id"),
            ],
            ("user", "film_id"),
        ),
        _table(
            "ReviewEdit",
            [
                _id(),
                _reference("Review", "review", "edits"),
                ("title", fields.CharField(max_length=200)),
                ("body", fields.TextField(unique=False)),
                ("score", fields.IntField(null=True)),
                ("spoiler", fields.BooleanField()),
                _time("replaced_at"),
            ],
            "review_edits",
            "What a review said before it was changed.",
            [Index(fields=["review_id", "replaced_at"], name="idx_review_edits_review_id")],
        ),
        _table(
            "ReviewLike",
            [
                _id(),
                _reference("Review", "review", "liked_by"),
                _reference("User", "user", "liked_reviews"),
                _time("created_at"),
            ],
            "review_likes",
            "One user likes one review.",
            [Index(fields=["user_id"], name="idx_review_likes_user_id")],
            ("review", "user"),
        ),
        _table(
            "ReviewReport",
            [
                _id(),
                _reference("Review", "review", "reports"),
                _reference("User", "reporter", "reports", OnDelete.SET_NULL, null=True),
                ("reason", fields.CharField(max_length=16)),
                ("comment", fields.CharField(null=True, max_length=1000)),
                _time("created_at"),
                ("outcome", fields.CharField(null=True, max_length=16)),
                _time("decided_at", null=True),
            ],
            "review_reports",
            "A request to the admins to look at a review, and what they decided.",
            [
                Index(fields=["outcome", "created_at"], name="idx_review_reports_outcome"),
                Index(fields=["reporter_id"], name="idx_review_reports_reporter_id"),
            ],
            ("review", "reporter"),
        ),
        _table(
            "UserBlock",
            [
                _id(),
                _reference("User", "user", "blocks"),
                _reference("User", "blocked", "blocked_by"),
                _time("created_at"),
            ],
            "user_blocks",
            "A user who does not want to see what another one writes.",
            [Index(fields=["blocked_id"], name="idx_user_blocks_blocked_id")],
            ("user", "blocked"),
        ),
    ]
