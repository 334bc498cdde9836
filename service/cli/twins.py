"""The work of `movies check --twins`: films that are stored twice."""

from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import Field

from service.cli.output import format_count, print_json, print_line
from service.cli.progress import progress_bar
from service.cli.running import fail
from service.films.models import Film
from service.films.twins import Twins, find_twins, merge_twins
from service.server.container import Container, open_container
from service.settings import Settings

MAX_LISTED_TWINS = 100  # pairs that are printed; further ones are only counted


@dataclass(frozen=True, slots=True)
class TwinView:
    """Two films that are one, the older one first."""

    title: Annotated[str, Field(description="Their title.")]
    year: Annotated[int | None, Field(description="Their year.")]
    movies: Annotated[list[str], Field(description="Their ids.")]
    imdb_ids: Annotated[list[str | None], Field(description="Their IMDb ids.")]
    differences: Annotated[
        list[str], Field(description="The facts that are known of both and differ.")
    ]
    mergeable: Annotated[bool, Field(description="Whether `--repair` merges them.")]


@dataclass(frozen=True, slots=True)
class TwinsReport:
    """The twins of the catalogue."""

    merged: Annotated[int, Field(description="Films that were merged into their twins.")]
    total: Annotated[int, Field(description="Pairs of twins that are left.")]
    mergeable: Annotated[int, Field(description="Those of them that `--repair` merges.")]
    twins: Annotated[list[TwinView], Field(description="The first hundred of them.")]


async def check_twins(settings: Settings, *, repair: bool, as_json: bool) -> None:
    """Print the twins of the catalogue; with `repair`, merge those without differences first.

    The command ends with 1 if there are twins in the end.
    """
    async with open_container(settings) as container:
        merged = await _merge_twins(container, is_printed=not as_json) if repair else 0
        report = await _list_twins(merged)
    if as_json:
        print_json(report)
    else:
        for twins in report.twins:
            print_line(_describe_twins(twins))
        if merged:
            typer.echo(f"{format_count(merged, 'film')} merged")
    line = f"{format_count(report.total, 'pair')} of twins"
    if report.mergeable:
        fail(f"{line}; `movies check --twins --repair` merges {report.mergeable} of them")
    if report.total:
        fail(f"{line} to decide on by hand: POST /api/v1/admin/movies/{{id}}/merge")
    if not as_json:
        typer.echo(line)


async def _merge_twins(container: Container, *, is_printed: bool) -> int:
    merged = 0
    with progress_bar("films") as bar:
        task = bar.add_task("merging", total=None)
        async for merge in merge_twins(container.merger):
            merged += 1
            bar.update(task, completed=merged)
            if is_printed and merged <= MAX_LISTED_TWINS:
                print_line(
                    f"{merge.merged.id} merged into {merge.film.id}  {_describe_film(merge.film)}"
                )
    return merged


async def _list_twins(merged: int) -> TwinsReport:
    listed: list[TwinView] = []
    total = mergeable = 0
    async for twins in find_twins():
        total += 1
        mergeable += twins.is_mergeable
        if total <= MAX_LISTED_TWINS:
            listed.append(_to_view(twins))
    return TwinsReport(merged, total, mergeable, listed)


def _to_view(twins: Twins) -> TwinView:
    older, _ = twins.films
    return TwinView(
        title=older.title,
        year=older.year,
        movies=[str(film.id) for film in twins.films],
        imdb_ids=[film.imdb_id for film in twins.films],
        differences=list(twins.differences),
        mergeable=twins.is_mergeable,
    )


def _describe_twins(twins: TwinView) -> str:
    ids = "  ".join(
        f"{film_id} {imdb_id or '-'}"
        for film_id, imdb_id in zip(twins.movies, twins.imdb_ids, strict=True)
    )
    if twins.differences:
        state = f"differ in {', '.join(twins.differences)}"
    else:
        state = "no differences" if twins.mergeable else "a third film may be either"
    return f"{ids}  {twins.title} ({twins.year or 'no year'}): {state}"


def _describe_film(film: Film) -> str:
    return f"{film.title} ({film.year or 'no year'})"
