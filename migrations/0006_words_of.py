"""The index's row says under which analysis all words are known, so that a rebuild under the same
one need not write them again.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0005_nametext")]

    operations = [
        ops.AddField(
            model_name="IndexState",
            name="words_of",
            field=fields.IntField(null=True),
        ),
    ]
