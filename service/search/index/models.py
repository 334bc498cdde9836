"""The table of words: what spelling correction knows, shared by every process."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Word(Model):
    """A word of the index, behind the letter of the place where it stands.

    Rows are only ever added between rebuilds. `seen_at` (milliseconds since the epoch, by the
    database's clock) is what readers follow."""

    word = fields.CharField(max_length=120, primary_key=True)
    seen_at = fields.BigIntField()

    class Meta:
        table = "words"
        indexes = (Index(fields=("seen_at",), name="idx_words_seen_at"),)


class IndexState(Model):
    """The one row that says how often the index has shown something new.

    `words_of` is the analysis under which the words of every film in the index are known to be in
    the table of words; None before the first rebuild. `searched_ms` is when an engine answered a
    search last, to some seconds, by the database's clock.
    """

    name = fields.CharField(max_length=20, primary_key=True)
    generation = fields.BigIntField(default=0)
    words_of = fields.IntField(null=True)
    searched_ms = fields.BigIntField(null=True)

    class Meta:
        table = "index_state"
