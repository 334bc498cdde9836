"""What is one film: one rule for files, OMDb and people, or the catalogue would fill with twins.

The same IMDb id; else, unless both have one, the same whole title, year and type with a director in
common.
"""

from collections.abc import Sequence
from uuid import UUID

from service.films.models import Film
from service.films.schemas import FilmFacts
from service.text.analysis import fold
from service.text.analysis import full_title_key as whole_title


class DuplicateFinder:
    """The stored films that some told facts may be about, by both of their names."""

    def __init__(self, films: Sequence[Film]) -> None:
        self._by_imdb: dict[str, Film] = {}
        self._by_title: dict[str, dict[UUID, Film]] = {}
        for film in films:
            self.add(film)

    @classmethod
    async def load(cls, told: Sequence[FilmFacts]) -> "DuplicateFinder":
        """Read, and on PostgreSQL lock, the films that share a name with told ones."""
        ids = list({facts.imdb_id for facts in told if facts.imdb_id})
        titles = list({whole_title(facts.title) for facts in told})
        films = Film.all().select_for_update()  # nobody's change may fall between read and write
        found = await films.filter(imdb_id__in=ids) if ids else []
        found += await films.filter(whole_title__in=titles)
        return cls(list({film.id: film for film in found}.values()))

    def add(self, film: Film) -> None:
        """Know one more: a film that was made or renamed since."""
        if film.imdb_id:
            self._by_imdb[film.imdb_id] = film
        self._by_title.setdefault(film.whole_title, {})[film.id] = film

    def find(self, facts: FilmFacts) -> Film | None:
        """The film that these facts are about."""
        if facts.imdb_id and facts.imdb_id in self._by_imdb:
            return self._by_imdb[facts.imdb_id]
        directors = {fold(name) for name in facts.directors}
        for film in self._by_title.get(whole_title(facts.title), {}).values():
            if facts.imdb_id and film.imdb_id:
                continue
            same = film.year == facts.year and film.type == facts.type
            if same and directors & {fold(name) for name in film.directors}:
                return film
        return None
