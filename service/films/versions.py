"""Which state of a film a write is based on."""

from typing import NamedTuple
from uuid import UUID


class FilmVersion(NamedTuple):
    """One version of one film; the id tells it from a later film at the same address."""

    film_id: UUID
    version: int
