"""The tables of users' lists of films."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.accounts.models import User

MAX_LIST_NAME_LENGTH = 100  # characters
MAX_LIST_TEXT_LENGTH = 2_000  # characters of a description or of a note


class FilmList(Model):
    """A list of films that a user made; `visibility` is `private`, `unlisted` or `public`."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="lists", on_delete=fields.CASCADE
    )
    user_id: UUID
    name = fields.CharField(max_length=MAX_LIST_NAME_LENGTH)
    description = fields.CharField(max_length=MAX_LIST_TEXT_LENGTH, null=True)
    visibility = fields.CharField(max_length=8, default="private")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "film_lists"
        table_description = "A list of films that a user made."
        indexes = (Index(fields=("user_id", "updated_at"), name="idx_film_lists_user_id"),)


class ListItem(Model):
    """A film of a list; `title` and `year` are shown once it has been deleted.

    `position` orders the items; numbers may be missing.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    list: fields.ForeignKeyRelation[FilmList] = fields.ForeignKeyField(
        "movies.FilmList", related_name="items", on_delete=fields.CASCADE
    )
    list_id: UUID
    film_id = fields.UUIDField()
    title = fields.CharField(max_length=500)
    year = fields.IntField(null=True)
    note = fields.CharField(max_length=MAX_LIST_TEXT_LENGTH, null=True)
    position = fields.IntField()
    added_at = fields.DatetimeField()

    class Meta:
        table = "list_items"
        table_description = (
            "A film of a list. `title` and `year` are shown once the film is deleted."
        )
        unique_together = (("list", "film_id"),)
        indexes = (
            Index(fields=("film_id",), name="idx_list_items_film_id"),
            Index(fields=("list_id", "position"), name="idx_list_items_list_id"),
        )
