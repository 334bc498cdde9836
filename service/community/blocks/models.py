"""The table of the users whom others do not want to read."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.accounts.models import User


class UserBlock(Model):
    """`user` does not want to see what `blocked` writes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="blocks", on_delete=fields.CASCADE
    )
    user_id: UUID
    blocked: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="blocked_by", on_delete=fields.CASCADE
    )
    blocked_id: UUID
    created_at = fields.DatetimeField()

    class Meta:
        table = "user_blocks"
        table_description = "A user who does not want to see what another one writes."
        unique_together = (("user", "blocked"),)
        indexes = (Index(fields=("blocked_id",), name="idx_user_blocks_blocked_id"),)
