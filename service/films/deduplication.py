"""The rule that decides whether two descriptions mean one film, for files, OMDb and users alike.

Two descriptions mean one film if they have the same IMDb id. If at least one of them has no IMDb
id, they mean one film if full title, year and type are equal and they share a director.
"""

from collections.abc import Sequence
from uuid import UUID

from service.films.models import Film
from service.films.schemas import FilmFacts
from service.text.analysis import fold, full_title_key


class DuplicateFinder:
    """The stored films that some facts may describe, by IMDb id and by full title."""

    def __init__(self, films: Sequence[Film]) -> None:
        self._by_imdb_id: dict[str, Film] = {}
        self._by_title: dict[str, dict[UUID, Film]] = {}
        for film in films:
            self.add(film)

    @classmethod
    async def load(cls, all_facts: Sequence[FilmFacts]) -> "DuplicateFinder":
        """Read the films that share an IMDb id or a full title with the facts.

        PostgreSQL locks them, so that no other change comes between this read and the write.
        """
        imdb_ids = list({facts.imdb_id for facts in all_facts if facts.imdb_id})
        titles = list({full_title_key(facts.title) for facts in all_facts})
        query = Film.all().select_for_update()
        films = await query.filter(imdb_id__in=imdb_ids) if imdb_ids else []
        films += await query.filter(whole_title__in=titles)
        return cls(list({film.id: film for film in films}.values()))

    def add(self, film: Film) -> None:
        """Include a film that was added or renamed since the load."""
        if film.imdb_id:
            self._by_imdb_id[film.imdb_id] = film
        self._by_title.setdefault(film.whole_title, {})[film.id] = film

    def find(self, facts: FilmFacts) -> Film | None:
        """Return the film that these facts describe."""
        if facts.imdb_id and facts.imdb_id in self._by_imdb_id:
            return self._by_imdb_id[facts.imdb_id]
        directors = {fold(name) for name in facts.directors}
        for film in self._by_title.get(full_title_key(facts.title), {}).values():
            if facts.imdb_id and film.imdb_id:
                continue
            is_same_kind = film.year == facts.year and film.type == facts.type
            if is_same_kind and directors & {fold(name) for name in film.directors}:
                return film
        return None
