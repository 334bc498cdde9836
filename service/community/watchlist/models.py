"""The table of the films that users want to see."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.accounts.models import User


class WatchlistEntry(Model):
    """A film that a user wants to see; `title` and `year` are shown once it has been deleted."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="watchlist", on_delete=fields.CASCADE
    )
    user_id: UUID
    film_id = fields.UUIDField()
    title = fields.CharField(max_length=500)
    year = fields.IntField(null=True)
    added_at = fields.DatetimeField()

    class Meta:
        table = "watchlist_entries"
        table_description = (
            "A film that a user wants to see. `title` and `year` are shown once it is deleted."
        )
        unique_together = (("user", "film_id"),)
        indexes = (Index(fields=("film_id",), name="idx_watchlist_entries_film_id"),)
