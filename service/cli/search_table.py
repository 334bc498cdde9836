"""Search results as a table for a terminal, with what matched highlighted."""

from rich.table import Table
from rich.text import Text

from service.films.rows import FilmRow
from service.search.highlights import BETWEEN, Match, explain_match, find_matches, match_ranges
from service.search.query.fields import DEFAULT_FIELDS
from service.search.query.parser import Query
from service.search.retrieval.engine_search import SearchResult

MATCHED = "bold yellow"


def table(found: SearchResult, query: Query, explain: bool) -> Table:
    """The films in their order; with `why` also why each is there."""
    made = Table(box=None, header_style="dim", pad_edge=False)
    made.add_column("title")
    made.add_column("year", justify="right")
    made.add_column("directors")
    made.add_column("rating", justify="right")
    made.add_column("id", no_wrap=True)
    if explain:
        made.add_column("why")
    films = [result.film for result in found.results]
    for film, matches in zip(films, find_matches(query, films, DEFAULT_FIELDS), strict=True):
        made.add_row(*_row(query, film, matches, explain))
    return made


def _row(query: Query, film: FilmRow, matches: list[Match], explain: bool) -> list[Text]:
    places = match_ranges(matches)
    cells = [
        _marked(film.title, places.get("title", [])),
        Text(str(film.year or "")),
        _marked(BETWEEN.join(film.directors), places.get("directors", [])),
        Text("" if film.imdb_rating is None else f"{film.imdb_rating:.1f}"),
        Text(film.imdb_id or str(film.id)),
    ]
    return cells + ([Text(explain_match(query, film, matches))] if explain else [])


def _marked(text: str, places: list[list[int]]) -> Text:
    marked = Text(text)
    for start, end in places:
        marked.stylize(MATCHED, start, end)
    return marked
