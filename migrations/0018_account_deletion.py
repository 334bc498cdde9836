"""An account whose owner has asked for its deletion is erased some days later."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0017_session_clients")]

    operations = [
        ops.AddField(
            model_name="User", name="erase_at", field=fields.DatetimeField(null=True)
        ),
        ops.AddIndex(
            model_name="User",
            index=Index(fields=["erase_at"], name="idx_users_erase_at"),
        ),
    ]
