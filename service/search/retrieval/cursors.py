"""The position in a list of films, as a cursor carries it.

A sort key is what the last film was ordered by, its votes and its id, so films that come and go
elsewhere move nothing. The rerank window is not in any engine's order: until all of it has been
returned, the cursor also carries which of its films were, five bytes each.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.search.criteria.sorting import SortKey
from service.search.ranking.match_level import MatchLevel
from service.signed_cursors import SignedCursors

FINGERPRINT_BYTES = 5  # of an id; among a hundred films two collide once in 10⁸ lists


class MatchStage(StrEnum):
    """How far a plan departs from the words as typed. The values are written into cursors."""

    EXACT = "exact"
    FUZZY = "guessed"
    RELAXED = "loose"
    PEOPLE_EXACT = "people"
    PEOPLE_FUZZY = "people guessed"

    @property
    def is_literal(self) -> bool:
        """Whether words are taken as they are typed."""
        return self in (MatchStage.EXACT, MatchStage.PEOPLE_EXACT)

    @property
    def with_people(self) -> bool:
        """Whether the cast and the writers are looked at as well."""
        return self in (MatchStage.PEOPLE_EXACT, MatchStage.PEOPLE_FUZZY)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to continue: in which stage, behind which sort key, after how many films.

    `returned` holds the fingerprints of those films of the rerank window that were returned; while
    it is set, `sort_key` is the end of the window. `level` is the best match level of the list, and
    if the list `is_cut`, it ends with the window. `similar_titles` are those that the search added.
    """

    stage: MatchStage
    sort_key: SortKey
    count: int
    returned: bytes = b""
    level: MatchLevel | None = None
    is_cut: bool = False
    similar_titles: tuple[str, ...] = ()

    def has_returned(self, film_id: str) -> bool:
        """Return whether the film of the rerank window was returned already."""
        fingerprint = id_fingerprint(film_id)
        return any(
            self.returned[start : start + FINGERPRINT_BYTES] == fingerprint
            for start in range(0, len(self.returned), FINGERPRINT_BYTES)
        )


def id_fingerprint(film_id: str) -> bytes:
    """Return the last bytes of an id, which are random."""
    return UUID(film_id).bytes[-FINGERPRINT_BYTES:]


class CursorCodec:
    """Encode and decode the cursors of searches; see `SignedCursors`."""

    def __init__(
        self, secret: str, now: Callable[[], datetime], previous_secret: str | None = None
    ) -> None:
        self._signed = SignedCursors(secret, now, previous_secret)

    def encode(self, cursor: Cursor, search_key: str) -> str:
        """Return `cursor` as a URL-safe text, bound to the search that `search_key` names."""
        returned = base64.b64encode(cursor.returned).decode()
        position: list[Any] = [cursor.stage, cursor.sort_key, cursor.count, returned]
        if cursor.level is not None or cursor.is_cut or cursor.similar_titles:
            position += [cursor.level, cursor.is_cut]  # cursors of earlier releases lack them
        if cursor.similar_titles:
            position.append(cursor.similar_titles)
        return self._signed.encode(position, search_key)

    def decode(self, text: str, search_key: str) -> Cursor:
        """Return the cursor that `text` encodes. Raises what `SignedCursors.decode` raises."""
        stage, sort_key, count, returned, *rest = self._signed.decode(text, search_key)
        level, is_cut, *titles = rest or (None, False)
        return Cursor(
            MatchStage(stage),
            tuple(sort_key),
            count,
            base64.b64decode(returned),
            level,
            is_cut,
            tuple(titles[0]) if titles else (),
        )
