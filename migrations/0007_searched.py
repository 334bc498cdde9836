"""The index's row says when a search was answered last, so that a rebuild leaves room for those who
search.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0006_words_of")]

    operations = [
        ops.AddField(
            model_name="IndexState",
            name="searched_ms",
            field=fields.BigIntField(null=True),
        ),
    ]
