"""The table of what is going on around films."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class FilmTrend(Model):
    """How much users do with a film, recent things counting more; see `trends`."""

    film_id = fields.UUIDField(primary_key=True)
    log_score = fields.FloatField()

    class Meta:
        table = "film_trends"
        table_description = (
            "How much users do with a film, as the logarithm of a sum in which every half-life "
            "doubles the weight of what happens."
        )
        indexes = (Index(fields=("log_score",), name="idx_film_trends_log_score"),)
