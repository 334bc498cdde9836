"""Of an episode, its season, its number there, and its series."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0033_series_seasons")]

    operations = [
        ops.AddField(model_name="Film", name="season", field=fields.IntField(null=True)),
        ops.AddField(model_name="Film", name="episode", field=fields.IntField(null=True)),
        ops.AddField(
            model_name="Film", name="series", field=fields.CharField(null=True, max_length=12)
        ),
    ]
