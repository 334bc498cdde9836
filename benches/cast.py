"""People of well-known films, since the films of the benchmarks name their directors only."""

from collections.abc import Sequence

from benches.films import JsonObject
from service.text.analysis import full_title_key
from tests.support.cast_films import load_cast_films

PEOPLE = ("writers", "actors")


def add_people(films: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the films with their writers and actors, as far as `load_cast_films` has them.

    A film is the same if it has the full title and its year differs by one at most. A film that is
    not among `films` is not added.
    """
    people: dict[str, list[JsonObject]] = {}
    for film in load_cast_films():
        people.setdefault(full_title_key(film["title"]), []).append(film)
    return [film | _find_people(film, people) for film in films]


def _find_people(film: JsonObject, people: dict[str, list[JsonObject]]) -> JsonObject:
    for other in people.get(full_title_key(film["title"]), []):
        if abs((film["year"] or 0) - other["year"]) <= 1:
            return {name: other.get(name, []) for name in PEOPLE}
    return {}
