"""Each indexer has a heartbeat of its own, under its name."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0011_idempotent_requests")]

    operations = [
        ops.DeleteModel(name="IndexerHeartbeat"),
        ops.CreateModel(
            name="IndexerHeartbeat",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100),
                ),
                ("beat_ms", fields.BigIntField()),
            ],
            options={
                "table": "indexer_heartbeat",
                "app": "movies",
                "pk_attr": "name",
                "table_description": "When each indexer last ran.",
            },
            bases=["Model"],
        ),
    ]
