"""Rebuilds can be called off and gone back from, and what was compared is written down."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0003_plaintext")]

    operations = [
        ops.CreateModel(
            name="DriftState",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20),
                ),
                ("index_name", fields.CharField(null=True, max_length=200)),
                ("checked_at", fields.DatetimeField(null=True)),
                ("compared", fields.BigIntField(default=0)),
                ("missing", fields.BigIntField(default=0)),
                ("stale", fields.BigIntField(default=0)),
                ("orphaned", fields.BigIntField(default=0)),
                ("found", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("owner", fields.CharField(null=True, max_length=100)),
                ("leased_until", fields.BigIntField(default=0)),
            ],
            options={
                "table": "drift_state",
                "app": "movies",
                "pk_attr": "name",
                "table_description": "The one row that says how the index differed from the "
                "database when all was last compared.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ReindexJob",
            name="cancel_asked",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="ReindexJob",
            name="golden",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="ReindexJob",
            name="kind",
            field=fields.CharField(default="rebuild", db_default="rebuild", max_length=8),
        ),
        ops.AddField(
            model_name="ReindexJob",
            name="previous_name",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name="ReindexJob", name="swapped_ms", field=fields.BigIntField(null=True)
        ),
    ]
