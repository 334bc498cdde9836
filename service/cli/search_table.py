"""Search results as a table for a terminal, with the matches highlighted."""

from rich.table import Table
from rich.text import Text

from service.film_fields import FilmRow
from service.search.explanation import explain_match
from service.search.highlights import VALUE_SEPARATOR, Match, find_matches, match_ranges
from service.search.query.fields import DEFAULT_FIELDS
from service.search.query.parser import Query
from service.search.retrieval.search_request import SearchResult

MATCH_STYLE = "bold yellow"


def render_table(search_result: SearchResult, query: Query, explain: bool) -> Table:
    """Return the films in their order; with `explain`, also why each is there."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("title")
    table.add_column("year", justify="right")
    table.add_column("directors")
    table.add_column("rating", justify="right")
    table.add_column("id", no_wrap=True)
    if explain:
        table.add_column("why")
    films = [result.film for result in search_result.hits]
    for film, matches in zip(films, find_matches(query, films, DEFAULT_FIELDS), strict=True):
        table.add_row(*_row_cells(query, film, matches, explain))
    return table


def _row_cells(query: Query, film: FilmRow, matches: list[Match], explain: bool) -> list[Text]:
    ranges = match_ranges(matches)
    cells = [
        _highlight(film.title, ranges.get("title", [])),
        Text(str(film.year or "")),
        _highlight(VALUE_SEPARATOR.join(film.directors), ranges.get("directors", [])),
        Text("" if film.imdb_rating is None else f"{film.imdb_rating:.1f}"),
        Text(film.imdb_id or str(film.id)),
    ]
    return cells + ([Text(explain_match(query, film, matches))] if explain else [])


def _highlight(text: str, ranges: list[list[int]]) -> Text:
    highlighted = Text(text)
    for start, end in ranges:
        highlighted.stylize(MATCH_STYLE, start, end)
    return highlighted
