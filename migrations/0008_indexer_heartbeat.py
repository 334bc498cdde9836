"""Indexers say that they live, so that a dead one is noticed before films wait for it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0007_searched")]

    operations = [
        ops.CreateModel(
            name="IndexerHeartbeat",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20),
                ),
                ("beat_ms", fields.BigIntField()),
            ],
            options={
                "table": "indexer_heartbeat",
                "app": "movies",
                "pk_attr": "name",
                "table_description": "The one row that says when an indexer last ran.",
            },
            bases=["Model"],
        ),
    ]
