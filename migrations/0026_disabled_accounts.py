"""Admins disable accounts, and list them by their age."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0025_film_trends")]

    operations = [
        ops.AddField(model_name="User", name="disabled_at", field=fields.DatetimeField(null=True)),
        ops.AddIndex(
            model_name="User",
            index=Index(fields=["created_at", "id"], name="idx_users_created_at"),
        ),
    ]
