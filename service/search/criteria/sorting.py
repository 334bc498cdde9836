"""The orders in which films are listed, worked out once for both engines.

An order is a whole number per film, the smaller the earlier, that holds what is ordered by and the
votes that decide among equals; what is unknown comes last, whichever way one sorts. So an engine
compares one column and then ids, the order is total, and a page can go on after any place in it.
Titles are texts, and the one exception: the folded whole title, then votes, then id.
"""

import struct
from typing import Literal

Sort = Literal["relevance", "year", "-year", "rating", "-rating", "title", "popularity"]
Column = Literal["votes", "year", "year_down", "rating", "rating_down", "popularity", "title"]
SortKey = tuple[float | int | str, ...]
"""Where a hit stands: (score, votes, id), (title, votes, id), or (number, id)."""

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
_VOTE_BITS = 31  # bits; two thousand million
_UNKNOWN = (1 << 32) - 1  # behind everything that is known
_TITLE_PREFIX_BYTES = 7  # bytes of a title that a number holds


def sort_column(sort: Sort, has_words: bool) -> Column | None:
    """What `sort` orders by; none for the score, and without words the best known come first."""
    return _COLUMNS.get(sort) or (None if has_words else "votes")


def sort_precedence(column: Column | None, sort_key: SortKey) -> tuple[float | int | str, ...]:
    """`place` as a value that Python sorts into the order of `by`."""
    if column in NUMBER_COLUMNS:
        return sort_key
    key, votes, film_id = sort_key
    assert not isinstance(votes, str)
    if column == "title":
        return key, -votes, film_id
    assert not isinstance(key, str)
    return -key, -votes, film_id


def sort_numbers(
    *, year: int | None, rating: float | None, popularity: float | None, votes: int
) -> dict[Column, int]:
    """A film's place in each order that is a number; each fits into 63 bits."""
    rated = None if rating is None else round(rating * 1_000)
    return {
        "votes": _pack_key(0, votes),
        "year": _pack_key(year, votes),
        "year_down": _pack_key(None if year is None else 10_000 - year, votes),
        "rating": _pack_key(rated, votes),
        "rating_down": _pack_key(None if rated is None else 10_000 - rated, votes),
        "popularity": _pack_key(
            None if popularity is None else (1 << 31) - _float_bits(popularity), votes
        ),
    }


def title_prefix_number(title: str) -> int:
    """The beginning of a folded title as a number that never contradicts the titles' order."""
    return int.from_bytes(
        title.encode()[:_TITLE_PREFIX_BYTES].ljust(_TITLE_PREFIX_BYTES, b"\0"), "big"
    )


def _pack_key(rank: int | None, votes: int) -> int:
    most = (1 << _VOTE_BITS) - 1
    return (_UNKNOWN if rank is None else rank) << _VOTE_BITS | (most - min(votes, most))


def _float_bits(number: float) -> int:
    """A float that is not negative as a whole number of the same order."""
    return int.from_bytes(struct.pack(">f", number), "big")
