"""Films with every kind of value that filters and sort orders use, and the order to expect."""

from typing import Any
from uuid import UUID

from service.search.criteria.filters import NO_FILTERS, Filters, Range
from service.search.criteria.sorting import Sort
from service.text.analysis import full_title_key

FILTER_FILMS: list[dict[str, Any]] = [
    {
        "title": ["Man of Steel", "The Man", "A Man Apart", "Mån", "Man on Fire"][n % 5],
        "type": {0: "series", 3: "episode"}.get(n % 7, "movie"),
        "year": None if n % 9 == 0 else 1960 + n * 5 % 60,
        "genres": [["Drama"], ["Sci-Fi", "Drama"], ["Film-Noir"], []][n % 4],
        "directors": [["Zack Snyder"], ["Agnès Varda", "Zack Snyder"], []][n % 3],
        "writers": [["Nora Ephron"], [], ["Ring Lardner, Jr.", "Nora Ephron"], []][n % 4],
        "actors": [["Noémie Merlant", "Ed Harris"], ["Ed Harris"], [], [], []][n % 5],
        "languages": [["English"], ["Old English", "Français"], []][n % 3],
        "countries": [["Côte d'Ivoire", "France"], ["USA"], [], ["France"], ["U.S.A."]][n % 5],
        "imdb_rating": None if n % 8 == 0 else n % 11 * 9 / 10,
        "runtime_minutes": None if n % 10 == 0 else 60 + n * 3,
        "imdb_votes": n % 6 * 100,
        "popularity": None if n % 2 else n % 13 / 3,
        "source": ["user", "omdb", "sample", "user"][n % 4],
    }
    for n in range(1, 61)
]

FILTER_CASES = [
    NO_FILTERS,
    Filters(),
    Filters(types=("series",)),
    Filters(types=("episode",)),
    Filters(types=("episode", "movie"), genres=("drama",)),
    Filters(genres=("drama",), excluded_types=("episode", "series")),
    Filters(genres=("scifi", "filmnoir")),
    Filters(directors=("agnesvarda",)),
    Filters(writers=("ringlardnerjr",)),
    Filters(actors=("noemiemerlant", "edhar")),
    Filters(actors=("edharris",), writers=("noraephron",)),
    Filters(languages=("francais", "english")),
    Filters(countries=("cotedivoire",)),
    Filters(languages=("english",), countries=("usa", "france")),
    Filters(years=Range(1970, 1990)),
    Filters(sources=("sample",)),
    Filters(sources=("omdb", "sample"), types=("movie",), genres=("drama",)),
    Filters(ratings=Range(minimum=4.5)),
    Filters(minutes=Range(maximum=90)),
    Filters(("movie",), ("drama",), ("zacksnyder",), Range(1965), Range(maximum=8), Range(70, 200)),
]


def expected_order(sort: Sort) -> list[str]:
    """Return the ids of `FILTER_FILMS` in the order of `sort`."""

    def sort_key(numbered_film: tuple[int, dict[str, Any]]) -> tuple[Any, ...]:
        number, facts = numbered_film
        name = {"-year": "year", "rating": "imdb_rating", "-rating": "imdb_rating"}.get(sort, sort)
        value = full_title_key(facts["title"]) if sort == "title" else facts.get(name, 0)
        if isinstance(value, float | int) and sort in ("-year", "-rating", "popularity"):
            value = -value
        return value is None, value or 0, -facts["imdb_votes"], number

    return [str(UUID(int=n)) for n, _ in sorted(enumerate(FILTER_FILMS, 1), key=sort_key)]
