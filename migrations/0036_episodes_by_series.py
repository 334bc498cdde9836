"""Find the episodes of a series."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0035_cast_in_texts")]

    operations = [
        ops.AddIndex(
            model_name="Film", index=Index(fields=["series"], name="idx_films_series")
        ),
    ]
