"""The names of actors and writers enter the text by which the database is searched and filtered.

It works as the folding of all texts does, page by page: films that an upgrade has just folded, or
that have neither, are not written again.
"""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

folded_letters = import_module("migrations.0032_folded_letters")


async def nothing(apps, editor):
    """The previous release ignores these names, and drops them when a film changes."""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("movies", "0034_episodes_of_series")]

    operations = [ops.RunPython(folded_letters.fold_again, nothing, atomic=False)]
