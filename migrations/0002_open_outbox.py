"""An index over open outbox rows alone, so that finished ones do not slow down a claim.

It is written as SQL because Tortoise turns the condition into `= NULL`, which is never true.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0001_initial")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX idx_outbox_open ON outbox (id) WHERE done_at IS NULL",
            "DROP INDEX idx_outbox_open",
        ),
    ]
