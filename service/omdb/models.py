"""Tables of what the processes of a service share about OMDb.

Calls to OMDb are counted and scarce, so what one process has learned must save the others the
same call: that a film does not exist, that a look-up is in flight, that the quota is exhausted.
Times are milliseconds since the epoch, because SQL statements compare them and two databases must
read them alike.
"""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

MAX_KEY_LENGTH = 600  # characters: a title of 500 that grew by case folding, and its qualifiers


class OmdbMiss(Model):
    """A look-up for which OMDb has no film; it is not repeated before `until`.

    `misses` counts the failed look-ups and lengthens the next wait. `instead` is the IMDb id of
    another film that OMDb offered for the title. `is_unreadable` means that OMDb replied, but with
    something that is not a film.
    """

    key = fields.CharField(max_length=MAX_KEY_LENGTH, primary_key=True)
    misses = fields.IntField(default=1)
    until = fields.BigIntField()
    instead = fields.CharField(max_length=12, null=True)
    is_unreadable = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "omdb_misses"
        table_description = (
            "A question that OMDb has no film for. It is not asked again before `until`."
        )
        indexes = (Index(fields=("until",), name="idx_omdb_misses_until"),)


class OmdbLease(Model):
    """A look-up that `owner` has in flight; the lease expires at `until` if the owner dies."""

    key = fields.CharField(max_length=MAX_KEY_LENGTH, primary_key=True)
    owner = fields.CharField(max_length=100)
    until = fields.BigIntField()

    class Meta:
        table = "omdb_leases"
        table_description = (
            "A question that `owner` is asking at this moment, or until `until` if it dies."
        )


class OmdbDay(Model):
    """The calls made with one key since its current day began.

    `stopped_until` is 0 as long as OMDb answers; otherwise it has reported an exhausted quota.
    """

    key_hash = fields.CharField(max_length=32, primary_key=True)
    began_at = fields.BigIntField()
    used = fields.IntField(default=0)
    stopped_until = fields.BigIntField(default=0)

    class Meta:
        table = "omdb_days"
        table_description = "The calls made with one key since its present day began."
