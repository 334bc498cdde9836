"""The tables of the index: its words and its state, shared by all processes."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Word(Model):
    """A word of the vocabulary, behind the letter of its `TermKind`.

    Rows are only added, never changed or removed between rebuilds. Readers follow `seen_at`, which
    is in milliseconds since the epoch by the database's clock.
    """

    word = fields.CharField(max_length=120, primary_key=True)
    seen_at = fields.BigIntField()

    class Meta:
        table = "words"
        table_description = "A word of the index, behind the letter of the place where it stands."
        indexes = (Index(fields=("seen_at",), name="idx_words_seen_at"),)


class IndexState(Model):
    """The generation and the state of the index, in a single row.

    Attributes:
        words_of: the `ANALYSIS` under which the words table has the words of every film in the
            index; None before the first rebuild.
        searched_ms: when an engine last answered a search, to a few seconds, in milliseconds since
            the epoch by the database's clock.
    """

    name = fields.CharField(max_length=20, primary_key=True)
    generation = fields.BigIntField(default=0)
    words_of = fields.IntField(null=True)
    searched_ms = fields.BigIntField(null=True)

    class Meta:
        table = "index_state"
        table_description = "The one row that says how often the index has shown something new."
