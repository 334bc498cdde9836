"""The table of the votes and scores that users give films."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.accounts.models import User


class Rating(Model):
    """What one user thinks of one film: a vote, a score, or both.

    `title` and `year` are the film's as they were; they are shown once it has been deleted.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="ratings", on_delete=fields.CASCADE
    )
    user_id: UUID
    film_id = fields.UUIDField()
    title = fields.CharField(max_length=500)
    year = fields.IntField(null=True)
    vote = fields.CharField(max_length=4, null=True)
    score = fields.IntField(null=True)
    rated_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "ratings"
        table_description = (
            "A user's vote and score of a film. `title` and `year` are shown once it is deleted."
        )
        unique_together = (("user", "film_id"),)
        indexes = (
            Index(fields=("user_id", "rated_at"), name="idx_ratings_user_id"),
            Index(fields=("film_id",), name="idx_ratings_film_id"),
        )
