"""The kinds of terms that the vocabulary knows."""

from enum import StrEnum


class TermKind(StrEnum):
    """The part of a film that a term comes from.

    The value is the letter in front of the term in the table of words. It is stored, so a change
    needs a migration.
    """

    TITLE = "t"
    ALIAS = "a"
    DIRECTOR = "d"
    CAST = "c"
    WRITER = "s"
    JOINED = "j"
    """Neighbouring words of a title run together."""
    FULL_TITLE = "w"
