"""The addresses of a film that was merged into another lead there for good."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0013_mails")]

    operations = [
        ops.CreateModel(
            name="FilmRedirect",
            fields=[
                (
                    "address",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36),
                ),
                ("film_id", fields.UUIDField()),
                ("created_at", fields.DatetimeField()),
            ],
            options={
                "table": "film_redirects",
                "app": "movies",
                "pk_attr": "address",
                "table_description": "An address of a film that was merged into another, `film_id`.",
                "indexes": [Index(fields=("film_id",), name="idx_film_redirects_film_id")],
            },
            bases=["Model"],
        ),
    ]
