"""Sort orders of films, computed once for all engines.

An order is one integer per film; the smaller comes first. It holds the value that is sorted by and
the votes, which decide among equal values. Films whose value is unknown come last in both
directions. So an engine compares one column and then ids, the order is total, and a page can go on
after any sort key. Titles are the one exception: they are compared as texts (the full-title key),
then by votes, then by id.
"""

import struct
from typing import Literal

Sort = Literal["relevance", "year", "-year", "rating", "-rating", "title", "popularity"]
Column = Literal["votes", "year", "year_down", "rating", "rating_down", "popularity", "title"]
SortKey = tuple[float | int | str, ...]
"""The position of a hit: (score, votes, id), (title, votes, id) or (number, id)."""

NUMBER_COLUMNS: tuple[Column, ...] = (
    "votes", "year", "year_down", "rating", "rating_down", "popularity",
)  # fmt: skip

_COLUMNS: dict[Sort, Column] = {
    "year": "year",
    "-year": "year_down",
    "rating": "rating",
    "-rating": "rating_down",
    "title": "title",
    "popularity": "popularity",
}
_VOTE_BITS = 31  # enough for two thousand million votes
_UNKNOWN = (1 << 32) - 1  # sorts behind every known value
_TITLE_PREFIX_BYTES = 7  # of a title that a number holds


def sort_column(sort: Sort, has_words: bool) -> Column | None:
    """Return the column that `sort` orders by; None means the score.

    Without words there is no score, and `relevance` orders by votes.
    """
    return _COLUMNS.get(sort) or (None if has_words else "votes")


def sort_precedence(column: Column | None, sort_key: SortKey) -> tuple[float | int | str, ...]:
    """Return `sort_key` as a value that Python sorts into the order of `column`."""
    if column in NUMBER_COLUMNS:
        return sort_key
    value, votes, film_id = sort_key
    assert not isinstance(votes, str)
    if column == "title":
        return value, -votes, film_id
    assert not isinstance(value, str)
    return -value, -votes, film_id


def sort_numbers(
    *, year: int | None, rating: float | None, popularity: float | None, votes: int
) -> dict[Column, int]:
    """Return a film's number in each order but that of titles; each fits into 63 bits."""
    millirating = None if rating is None else round(rating * 1_000)
    return {
        "votes": _pack_key(0, votes),
        "year": _pack_key(year, votes),
        "year_down": _pack_key(None if year is None else 10_000 - year, votes),
        "rating": _pack_key(millirating, votes),
        "rating_down": _pack_key(None if millirating is None else 10_000 - millirating, votes),
        "popularity": _pack_key(
            None if popularity is None else (1 << 31) - _float_bits(popularity), votes
        ),
    }


def title_prefix_number(title: str) -> int:
    """Return the beginning of a full-title key as a number that agrees with the titles' order."""
    return int.from_bytes(
        title.encode()[:_TITLE_PREFIX_BYTES].ljust(_TITLE_PREFIX_BYTES, b"\0"), "big"
    )


def _pack_key(rank: int | None, votes: int) -> int:
    max_votes = (1 << _VOTE_BITS) - 1
    return (_UNKNOWN if rank is None else rank) << _VOTE_BITS | (max_votes - min(votes, max_votes))


def _float_bits(number: float) -> int:
    """Return the bits of a float of 0 or more: an integer with the same order."""
    return int.from_bytes(struct.pack(">f", number), "big")
