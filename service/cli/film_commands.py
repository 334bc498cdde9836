"""The commands that load, fetch, find, explain and remove films."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from service.cli.app import JsonOption, app, require_settings
from service.cli.running import fail, run
from service.resources import resource_path


class SearchMatch(StrEnum):
    """Which films a search shows."""

    ANY = "any"
    ALL = "all"


class SearchType(StrEnum):
    """A kind of films that a search shows."""

    MOVIE = "movie"
    SERIES = "series"
    EPISODE = "episode"
    GAME = "game"


@app.command()
def load(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="JSON, JSON lines, CSV or TSV, also as .gz; - is standard input"),
    ] = None,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample",
            help="load only into an empty catalogue, and mark the films as samples; "
            "without FILES, load the 500 films that come with the service",
        ),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="refuse unknown fields")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="wait until the films are indexed")] = False,
) -> None:
    """Merge films from files into the catalogue; a film that occurs twice is stored once."""
    if not files and not sample:
        raise typer.BadParameter("name a file, or use --sample", param_hint="FILES")
    settings = require_settings()
    from service.cli import load as command

    paths = files or [resource_path("samples/films.jsonl")]
    options = command.LoadOptions(sample, strict, wait)
    if failure := run(settings, command.load(settings, paths, options)):
        fail(failure)


@app.command()
def fetch(
    films: Annotated[list[str], typer.Argument(help="IMDb ids or titles")],
    refresh: Annotated[
        bool, typer.Option("--refresh", help="ask OMDb also for films that are here")
    ] = False,
) -> None:
    """Fetch films through OMDb into the catalogue; show those that are here already."""
    settings = require_settings()
    from service.cli import fetch as command

    if run(settings, command.fetch(settings, films, refresh=refresh)):
        raise typer.Exit(1)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="the query, as a person would type it")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="films to show")] = 10,
    match: Annotated[
        SearchMatch, typer.Option(help="show any film that fits, or only those with all words")
    ] = SearchMatch.ANY,
    types: Annotated[
        list[SearchType] | None,
        typer.Option(
            "--type", help="show films of this kind; may be repeated; without it, no episodes"
        ),
    ] = None,
    directors: Annotated[
        list[str] | None,
        typer.Option("--director", help="show films by this director; may be repeated"),
    ] = None,
    writers: Annotated[
        list[str] | None,
        typer.Option("--writer", help="show films by this writer; may be repeated"),
    ] = None,
    actors: Annotated[
        list[str] | None,
        typer.Option("--actor", help="show films with this actor; may be repeated"),
    ] = None,
    explain: Annotated[bool, typer.Option(help="show why each film matches")] = False,
    as_json: JsonOption = False,
) -> None:
    """Search for films, as the API does."""
    settings = require_settings()
    from service.cli import search as command
    from service.search.criteria.filters import Filters
    from service.search.retrieval.search_request import Page, SearchRequest
    from service.text.titles import compact_keys

    filters = Filters(
        types=tuple(sorted({kind.value for kind in types or ()})),
        directors=compact_keys(directors or ()),
        writers=compact_keys(writers or ()),
        actors=compact_keys(actors or ()),
    )
    request = SearchRequest(
        " ".join(words),
        filters=filters,
        match=match.value,
        page=Page(limit),
    )
    run(settings, command.search(settings, request, explain=explain, as_json=as_json))


@app.command()
def explain(
    film: Annotated[str, typer.Argument(help="its id, IMDb id or title")],
    as_json: JsonOption = False,
) -> None:
    """Explain why a film is or is not found, from its row to the search result."""
    settings = require_settings()
    from service.cli import explain as command

    run(settings, command.explain(settings, film, as_json=as_json))


samples_app = typer.Typer(help="The sample films that a new catalogue starts with.")
app.add_typer(samples_app, name="samples", no_args_is_help=True)


@samples_app.callback()
def manage_samples() -> None:
    """Manage the sample films that a new catalogue starts with."""


@samples_app.command("remove")
def remove_samples() -> None:
    """Remove the films whose source is still `sample`."""
    settings = require_settings()
    from service.cli import samples as command

    typer.echo(f"{run(settings, command.remove_samples(settings))} sample films removed")
