"""The table of the films that users have seen."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.accounts.models import User


class HistoryEntry(Model):
    """One time that a user saw a film.

    `title` and `year` are the film's as they were; they are shown once it has been deleted. With
    `is_day`, only the day of `watched_at` is known, in no time zone.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="history", on_delete=fields.CASCADE
    )
    user_id: UUID
    film_id = fields.UUIDField()
    title = fields.CharField(max_length=500)
    year = fields.IntField(null=True)
    watched_at = fields.DatetimeField()
    is_day = fields.BooleanField(default=False)
    is_rewatch = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "history_entries"
        table_description = (
            "One time that a user saw a film. `title` and `year` are shown once it is deleted."
        )
        indexes = (
            Index(fields=("user_id", "watched_at"), name="idx_history_entries_user_id"),
            Index(fields=("film_id", "user_id"), name="idx_history_entries_film_id"),
        )
