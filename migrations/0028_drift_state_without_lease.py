"""Scans of the drift have a lease of their own, so that the row of the result needs none."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0027_reviews")]

    operations = [
        ops.RemoveField(model_name="DriftState", name="owner"),
        ops.RemoveField(model_name="DriftState", name="leased_until"),
    ]
