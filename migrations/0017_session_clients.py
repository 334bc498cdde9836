"""A session says where it is used."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0016_username_skeletons")]

    operations = [
        ops.AddField(
            model_name="Session", name="address", field=fields.CharField(null=True, max_length=100)
        ),
        ops.AddField(
            model_name="Session",
            name="user_agent",
            field=fields.CharField(null=True, max_length=200),
        ),
    ]
