"""The rule that decides whether two descriptions mean one film, for files, OMDb and users alike.

Two descriptions mean one film if they have the same id or, failing that, the same IMDb id. Two
films with different IMDb ids are never one. Otherwise two descriptions mean one film if

- their titles are equal but for case, width and Latin accents,
- their types and years are equal; two unknown years count as equal only if the descriptions share a
  director, or if neither names one,
- they do not name two disjoint sets of directors,
- and they do not name two different series, seasons or numbers of an episode.

Of several films that fit, the one with most directors in common is meant, then the older one. If
some of them hold all the facts already, those are meant: a file that is loaded again changes
nothing, although films that its later lines added may fit its earlier lines better now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import orjson

from service.database.connection import is_postgres
from service.database.sql import fetch_rows
from service.films.models import Film
from service.films.redirects import find_redirects
from service.films.schemas import FilmFacts
from service.text.analysis import fold, full_title_key
from service.text.titles import exact_title_key


@dataclass(frozen=True, slots=True)
class FilmIdentity:
    """What the rule looks at, without the id."""

    imdb_id: str | None
    title_key: str
    type: str
    year: int | None
    directors: frozenset[str]
    place: tuple[str | int | None, ...]
    """The series, the season and the number of an episode."""

    @classmethod
    def of(cls, film: Film | FilmFacts) -> Self:
        """Return the identity of a stored film or of facts."""
        return cls(
            film.imdb_id,
            exact_title_key(film.title),
            film.type,
            film.year,
            frozenset(map(fold, film.directors)),
            (film.series, film.season, film.episode),
        )

    def is_same_film(self, other: "FilmIdentity") -> bool:
        """Return whether both mean one film."""
        if self.imdb_id and other.imdb_id:
            return self.imdb_id == other.imdb_id
        if (self.title_key, self.type, self.year) != (other.title_key, other.type, other.year):
            return False
        places = zip(self.place, other.place, strict=True)
        if any(None not in pair and pair[0] != pair[1] for pair in places):
            return False
        if self.directors and other.directors:
            return not self.directors.isdisjoint(other.directors)
        return self.year is not None or self.directors == other.directors


class DuplicateFinder:
    """The stored films that some facts may describe, by id, IMDb id and full title."""

    def __init__(self, films: Iterable[Film]) -> None:
        self._by_id: dict[UUID, Film] = {}
        self._by_imdb_id: dict[str, Film] = {}
        self._by_title: dict[str, dict[UUID, Film]] = {}
        self._identities: dict[UUID, FilmIdentity] = {}
        self._redirected: dict[str, Film] = {}
        """The films into which others were merged, by the addresses of those."""
        for film in films:
            self.add(film)

    @classmethod
    async def load(
        cls, all_facts: Sequence[FilmFacts], film_ids: Iterable[UUID | None] = ()
    ) -> Self:
        """Read the films that share an id, an IMDb id or a full title with the facts.

        PostgreSQL locks them, so that no other change comes between this read and the write.
        """
        imdb_ids = list({facts.imdb_id for facts in all_facts if facts.imdb_id})
        titles = list({full_title_key(facts.title) for facts in all_facts})
        ids = list({film_id for film_id in film_ids if film_id})
        found_ids = await _find_ids(ids, imdb_ids, titles)
        films = await Film.filter(id__in=found_ids).select_for_update() if found_ids else []
        finder = cls(films)
        series = {facts.series for facts in all_facts if facts.series}
        await finder._load_redirects([*map(str, ids), *imdb_ids, *series])
        return finder

    async def _load_redirects(self, addresses: Iterable[str]) -> None:
        """Read where the addresses that no film has lead to.

        Films are locked first: one that is merged at this moment is gone then, and its redirect is
        there.
        """
        stored = {*map(str, self._by_id), *self._by_imdb_id}
        redirects = await find_redirects([name for name in addresses if name not in stored])
        unread = [film_id for film_id in set(redirects.values()) if film_id not in self._by_id]
        if unread:
            for film in await Film.filter(id__in=unread).select_for_update():
                self.add(film)
        self._redirected = {
            address: self._by_id[film_id]
            for address, film_id in redirects.items()
            if film_id in self._by_id
        }

    def add(self, film: Film) -> None:
        """Include a film that was added, renamed or given an IMDb id since the load."""
        self._by_id[film.id] = film
        self._identities.pop(film.id, None)
        if film.imdb_id:
            self._by_imdb_id[film.imdb_id] = film
        self._by_title.setdefault(film.whole_title, {})[film.id] = film

    def follow_redirects(
        self, facts: FilmFacts, film_id: UUID | None
    ) -> tuple[FilmFacts, UUID | None]:
        """Return the facts and the id as if they had come under the address where theirs lead.

        The title of the merged film is an alias of the other one, and does not become its title.
        """
        if not self._redirected:
            return facts, film_id
        changes: dict[str, str | None] = {}
        series = self._redirected.get(facts.series or "")
        if series is not None and series.imdb_id is not None:
            facts = facts.model_copy(update={"series": series.imdb_id})
        film = self._redirected.get(facts.imdb_id or "")
        if film is not None:
            changes["imdb_id"] = film.imdb_id
        else:
            film = self._redirected.get(str(film_id))
            if film is None or film.imdb_id not in (None, facts.imdb_id or film.imdb_id):
                return facts, film_id
        if facts.title in film.aliases:
            changes["title"] = film.title
        return facts.model_copy(update=changes), film.id

    def find_all(self, facts: FilmFacts, film_id: UUID | None = None) -> list[Film]:
        """Return the films that these facts may describe, the one that fits best first."""
        film = self._by_id.get(film_id) if film_id else None
        if film is not None and film.imdb_id in (None, facts.imdb_id or film.imdb_id):
            return [film]
        if facts.imdb_id and facts.imdb_id in self._by_imdb_id:
            return [self._by_imdb_id[facts.imdb_id]]
        same_title = self._by_title.get(full_title_key(facts.title))
        if not same_title:
            return []
        wanted = FilmIdentity.of(facts)
        matches = [
            (-len(identity.directors & wanted.directors), film.id.int, film)
            for film in same_title.values()
            if (identity := self._identify(film)).is_same_film(wanted)
        ]
        return [film for *_, film in sorted(matches)]

    def _identify(self, film: Film) -> FilmIdentity:
        identity = self._identities.get(film.id)
        if identity is None:
            identity = self._identities[film.id] = FilmIdentity.of(film)
        return identity

    def is_free(self, imdb_id: str | None, film: Film) -> bool:
        """Return whether no other film has this IMDb id."""
        return imdb_id is None or self._by_imdb_id.get(imdb_id, film).id == film.id


async def _find_ids(
    film_ids: Sequence[UUID], imdb_ids: Sequence[str], titles: Sequence[str]
) -> list[UUID]:
    """Return the ids of the films that have one of these ids, IMDb ids or keys of titles.

    Most films of a file are new. One statement without models says so ten times faster.
    """
    keys: dict[str, Sequence[str]] = {
        "id": list(map(str, film_ids)),
        "imdb_id": imdb_ids,
        "whole_title": titles,
    }
    if is_postgres():
        chosen = "= ANY(${}::text[]::{}[])"
    else:
        chosen = "IN (SELECT value FROM json_each(${}))"
    selects = []
    for number, column in enumerate(keys, start=1):
        condition = chosen.format(number, "uuid" if column == "id" else "text")
        selects.append(f"SELECT id FROM films WHERE {column} {condition}")  # noqa: S608  # names of ours
    values = [
        values if is_postgres() else orjson.dumps(values).decode() for values in keys.values()
    ]
    rows = await fetch_rows(" UNION ".join(selects), *values)
    return [UUID(str(row["id"])) for row in rows]
