"""A film counts the votes, scores and reviews of this service's users."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

COLUMNS = (
    "votes_up",
    "votes_down",
    "score_count",
    "score_sum",
    "review_count",
    "review_score_count",
    "review_score_sum",
)


class Migration(migrations.Migration):
    dependencies = [("movies", "0018_account_deletion")]

    operations = [
        ops.AddField(
            model_name="Film", name=name, field=fields.IntField(default=0, db_default=0)
        )
        for name in COLUMNS
    ]
