"""A miss says whether OMDb lacks the film or replied with something that cannot be read."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0008_indexer_heartbeat")]

    operations = [
        ops.AddField(
            model_name="OmdbMiss",
            name="is_unreadable",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
