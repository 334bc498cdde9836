"""The work of `movies search`: search as the API does, and show the films as a table.

The matches are highlighted on a terminal.
"""

import sys
import time

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.cli.locations import locate_part
from service.cli.output import format_count, print_json, print_line
from service.clock import utc_now
from service.film_fields import FilmRow
from service.http.pagination import Links
from service.observability.logging import escape_line
from service.search.explanation import describe_reasons, explain_match
from service.search.highlights import VALUE_SEPARATOR, Match, find_matches, match_ranges
from service.search.query.parser import Query
from service.search.ranking.match_level import MatchLevel
from service.search.responses import search_page
from service.search.retrieval.database_search import ENGINE_UNAVAILABLE
from service.search.retrieval.search_request import SearchRequest, SearchResult
from service.server.container import open_container
from service.settings import Settings

MATCH_STYLE = "bold yellow"
WEAK_MATCH_TEXTS: dict[MatchLevel | None, str] = {
    "some": "no film has all of these words; these have some of them",
    "similar": "no film has these words; these are spelt similarly",
}
PIPED_WIDTH = 200  # columns of a table that is not written to a terminal


async def search(
    settings: Settings, request: SearchRequest, *, explain: bool, as_json: bool
) -> None:
    """Print the films that `request` finds."""
    async with open_container(settings) as container:
        await container.generation.current()
        await container.vocabulary_sync.load()
        started = time.perf_counter()
        result = await container.search.search(request)
        took_ms = (time.perf_counter() - started) * 1000
    if as_json:
        page = search_page(
            request.text or "",
            result,
            Links(None, None),
            explain=explain,
            took_ms=took_ms,
            now=utc_now(),
        )
        print_json(page)
    else:
        _print_table(result, explain)
        for reason in result.degraded:
            typer.echo(f"degraded: {reason}{_locate_engine(settings, reason)}", err=True)


def _locate_engine(settings: Settings, reason: str) -> str:
    """Return where the engine is that does not answer, and what says why."""
    if reason != ENGINE_UNAVAILABLE:
        return ""
    return f" at {locate_part(settings, 'search')}; `movies doctor` says why"


def _print_table(result: SearchResult, explain: bool) -> None:
    if result.did_you_mean:
        print_line(f"did you mean: {result.did_you_mean}")
    if result.level in WEAK_MATCH_TEXTS:
        print_line(WEAK_MATCH_TEXTS[result.level])
    if result.hits and result.query:
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        Console(width=width).print(_render_table(result, result.query, explain))
    prefix = "" if result.relation == "eq" else "at least "
    typer.echo(prefix + format_count(result.total, "film") if result.total else "no film matches")


def _render_table(search_result: SearchResult, query: Query, explain: bool) -> Table:
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
    for film, matches in zip(films, find_matches(query, films, search_result.fields), strict=True):
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
    if explain:
        cells.append(Text(escape_line(describe_reasons(explain_match(query, film, matches)))))
    return cells


def _highlight(text: str, ranges: list[list[int]]) -> Text:
    highlighted, position = Text(), 0
    for start, end in ranges:
        highlighted.append(escape_line(text[position:start]))
        highlighted.append(escape_line(text[start:end]), MATCH_STYLE)
        position = end
    return highlighted.append(escape_line(text[position:]))
