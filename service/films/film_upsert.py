"""Merge the facts of one source into the films that they describe, in memory."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from service.films.deduplication import DuplicateFinder
from service.films.film_writes import (
    Outcome,
    claim_sample,
    create_film,
    merge_columns,
    set_provenance,
)
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance


class FilmUpsert:
    """The films of one upsert: which are new, which have changed.

    Args:
        duplicates: the stored films that the facts may describe.
        provenance: the source of the facts.
        now: the time of the change.
        described: the films that earlier lines of a file described, as integers; a later line only
            fills in what is unknown about them. None lets every description overwrite.
    """

    def __init__(
        self,
        duplicates: DuplicateFinder,
        provenance: Provenance,
        now: datetime,
        described: Collection[int] | None = None,
    ) -> None:
        self._duplicates = duplicates
        self._provenance = provenance
        self._now = now
        self._earlier = described
        self.described: set[int] = set()
        self.films: list[Film] = []
        self.outcomes: list[Outcome] = []
        self.new: dict[UUID, Film] = {}
        self.changed: dict[UUID, Film] = {}

    @property
    def unchanged(self) -> list[Film]:
        """The films that are written only because they were fetched again."""
        written = self.new.keys() | self.changed.keys()
        return [film for film in self.films if film.id not in written]

    def apply(self, facts: FilmFacts, film_id: UUID | None = None) -> None:
        """Add the film that the facts describe, or merge them into it."""
        facts, film_id = self._duplicates.follow_redirects(facts, film_id)
        films = self._find_described_films(facts, film_id)
        if films:
            outcome = self._merge(films[0], facts)
        else:
            films, outcome = [self._add(facts)], "added"
        if self._provenance.fetched_at:
            outcome = self._set_provenance(films[0], outcome)
        self.described.update(film.id.int for film in films)
        self.films.append(films[0])
        self.outcomes.append(outcome)

    def _add(self, facts: FilmFacts) -> Film:
        film = create_film(facts, self._provenance, self._now)
        self.new[film.id] = film
        self._duplicates.add(film)
        return film

    def _merge(self, film: Film, facts: FilmFacts) -> Outcome:
        if not merge_columns(film, self._columns_to_merge(film, facts), self._now):
            return "same"
        self._duplicates.add(film)
        if film.id not in self.new:
            self.changed[film.id] = film
        if self._provenance.source == "user":
            claim_sample(film)
        return "changed"

    def _set_provenance(self, film: Film, outcome: Outcome) -> Outcome:
        """Note when the film was fetched; a new source is a change, which the index sees."""
        has_new_source = film.source != self._provenance.source
        set_provenance(film, self._provenance)
        if outcome == "same" and has_new_source and film.id not in self.new:
            self.changed[film.id] = film
            return "changed"
        return outcome

    def _find_described_films(self, facts: FilmFacts, film_id: UUID | None) -> list[Film]:
        """Return the film that the facts describe; all that do if they hold all of it already."""
        films = self._duplicates.find_all(facts, film_id)
        if len(films) > 1:
            return [film for film in films if not self._would_change(film, facts)] or films[:1]
        return films

    def _would_change(self, film: Film, facts: FilmFacts) -> bool:
        columns = self._columns_to_merge(film, facts)
        return any(getattr(film, name) != value for name, value in columns.items())

    def _columns_to_merge(self, film: Film, facts: FilmFacts) -> dict[str, Any]:
        columns = facts.to_columns()
        if not self._duplicates.is_free(columns.get("imdb_id"), film):
            del columns["imdb_id"]
        if self._is_described(film):
            # The year, and without one the directors, identify a film: filled in, they would hide
            # the film from the line that described it first.
            fixed = ("year",) if film.year else ("year", "directors")
            columns = {
                name: value
                for name, value in columns.items()
                if getattr(film, name) in (None, []) and name not in fixed
            }
        year, end_year = (columns.get(n, getattr(film, n)) for n in ("year", "end_year"))
        if year and end_year and end_year < year:
            is_known = film.end_year is not None and film.end_year >= year
            columns["end_year"] = film.end_year if is_known else None
        return columns

    def _is_described(self, film: Film) -> bool:
        if self._earlier is None:
            return False
        return film.id.int in self.described or film.id.int in self._earlier


async def save_freshness(films: list[Film]) -> None:
    """Save when unchanged films were fetched; the index does not hold that."""
    for film in films:
        film.counters += 1
        await film.save(update_fields=["source", "fetched_at", "refresh_after", "counters"])
