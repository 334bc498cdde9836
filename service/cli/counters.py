"""The work of `movies check --counters`: films whose tallies are not what their rows add up to."""

from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import Field

from service.cli.output import format_count, print_json
from service.cli.progress import progress_bar
from service.cli.running import fail
from service.community.tallies import TallyDifference, find_differences, recount_film
from service.films.models import Film
from service.server.container import open_container
from service.settings import Settings

MAX_LISTED_FILMS = 100  # that are printed; further ones are only counted


@dataclass(frozen=True, slots=True)
class CountersView:
    """One film whose counters differ from its votes, scores and reviews."""

    movie: Annotated[str, Field(description="The id of the film.")]
    stored: Annotated[dict[str, int], Field(description="What it says of those that differ.")]
    counted: Annotated[dict[str, int], Field(description="What its rows add up to.")]


@dataclass(frozen=True, slots=True)
class CountersReport:
    """The comparison of the counters of all films with the rows of what people did."""

    compared: Annotated[int, Field(description="How many films were compared.")]
    differing: Annotated[int, Field(description="How many of them differ.")]
    repaired: Annotated[bool, Field(description="Whether those were mended.")]
    films: Annotated[list[CountersView], Field(description="The first hundred that differ.")]


async def check_counters(settings: Settings, *, repair: bool, as_json: bool) -> None:
    """Compare the counters of every film with its rows, and print the first ones that differ.

    The command ends with 1 if some differ and were not mended.
    """
    async with open_container(settings):
        compared, differences = await Film.all().count(), []
        with progress_bar("films") as bar:
            task = bar.add_task("comparing", total=compared)
            async for page in find_differences():
                bar.update(task, advance=page.compared)
                for film_id in page.film_ids:
                    if (difference := await recount_film(film_id, repair=repair)) is not None:
                        differences.append(difference)
    views = [_to_view(difference) for difference in differences[:MAX_LISTED_FILMS]]
    report = CountersReport(compared, len(differences), repair and bool(differences), views)
    if as_json:
        print_json(report)
    else:
        for view in views:
            typer.echo(f"{view.movie}  stored {view.stored}, counted {view.counted}")
    line = f"the counters of {len(differences)} of {format_count(compared, 'film')} differ"
    if differences and not repair:
        fail(f"{line}; `movies check --counters --repair` mends them")
    if not as_json:
        typer.echo(f"{line}, and were mended" if differences else line)


def _to_view(difference: TallyDifference) -> CountersView:
    stored, counted = difference.stored._asdict(), difference.counted._asdict()
    return CountersView(
        str(difference.film_id),
        {name: value for name, value in stored.items() if value != counted[name]},
        {name: value for name, value in counted.items() if value != stored[name]},
    )
