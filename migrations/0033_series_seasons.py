"""The seasons of series, each with its episodes."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0032_folded_letters")]

    operations = [
        ops.CreateModel(
            name="SeriesSeason",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("series", fields.CharField(max_length=12)),
                ("season", fields.IntField()),
                ("total_seasons", fields.IntField(null=True)),
                ("episodes", fields.JSONField(default=list)),
                ("refresh_after", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "series_seasons",
                "app": "movies",
                "unique_together": (("series", "season"),),
                "pk_attr": "id",
                "table_description": "A season of the series with this IMDb id, with its episodes.",
            },
            bases=["Model"],
        ),
    ]
