"""What is remembered about asking OMDb, shared by every process of the service.

Calls to OMDb are counted and scarce, so what one process has learned must spare the others the
same call: that a film is not there, that somebody is asking already, that the day's calls are
spent. Times are milliseconds since the epoch, because they are compared inside statements that
two databases must read alike.
"""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

MAX_KEY_LENGTH = 600  # characters: a title of 500 that grew by folding, and what goes with it


class OmdbMiss(Model):
    """A question that OMDb has no film for. It is not asked again before `until`.

    `misses` counts how often it was so, and makes the next wait longer. `instead` is the IMDb id
    of another film that OMDb offered for the title.
    """

    key = fields.CharField(max_length=MAX_KEY_LENGTH, primary_key=True)
    misses = fields.IntField(default=1)
    until = fields.BigIntField()
    instead = fields.CharField(max_length=12, null=True)

    class Meta:
        table = "omdb_misses"
        indexes = (Index(fields=("until",), name="idx_omdb_misses_until"),)


class OmdbLease(Model):
    """A question that `owner` is asking at this moment, or until `until` if it dies."""

    key = fields.CharField(max_length=MAX_KEY_LENGTH, primary_key=True)
    owner = fields.CharField(max_length=100)
    until = fields.BigIntField()

    class Meta:
        table = "omdb_leases"


class OmdbDay(Model):
    """The calls made with one key since its present day began.

    `stopped_until` is 0 as long as OMDb answers; else it has said that the key's calls are spent.
    """

    key_hash = fields.CharField(max_length=32, primary_key=True)
    began_at = fields.BigIntField()
    used = fields.IntField(default=0)
    stopped_until = fields.BigIntField(default=0)

    class Meta:
        table = "omdb_days"
