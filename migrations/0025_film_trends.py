"""Counters of what is going on around films; an index for the films with most votes."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0024_exports")]

    operations = [
        ops.CreateModel(
            name="FilmTrend",
            fields=[
                ("film_id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("log_score", fields.FloatField()),
            ],
            options={
                "table": "film_trends",
                "app": "movies",
                "indexes": [Index(fields=["log_score"], name="idx_film_trends_log_score")],
                "pk_attr": "film_id",
                "table_description": "How much users do with a film, as the logarithm of a sum in "
                "which every half-life doubles the weight of what happens.",
            },
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="Film",
            index=Index(fields=["imdb_votes"], name="idx_films_imdb_votes"),
        ),
    ]
