"""The work of `movies check --counters`: films and reviews whose counters differ from the rows."""

from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import Field

from service.cli.output import format_count, print_json
from service.cli.progress import progress_bar
from service.cli.running import fail
from service.community.reviews.likes import (
    LikesDifference,
    find_miscounted_reviews,
    recount_likes,
)
from service.community.reviews.models import Review
from service.community.tallies import TallyDifference, find_differences, recount_film
from service.films.models import Film
from service.server.container import open_container
from service.settings import Settings

MAX_LISTED = 100  # films, and reviews, that are printed; further ones are only counted


@dataclass(frozen=True, slots=True)
class CountersView:
    """One film whose counters differ from its votes, scores and reviews."""

    movie: Annotated[str, Field(description="The id of the film.")]
    stored: Annotated[dict[str, int], Field(description="What it says of those that differ.")]
    counted: Annotated[dict[str, int], Field(description="What its rows add up to.")]


@dataclass(frozen=True, slots=True)
class LikesView:
    """One review whose number of likes differs from its likes."""

    review: Annotated[str, Field(description="The id of the review.")]
    stored: Annotated[int, Field(description="How many likes it shows.")]
    counted: Annotated[int, Field(description="How many users like it.")]


@dataclass(frozen=True, slots=True)
class CountersReport:
    """The comparison of the counters of films and reviews with the rows of what people did."""

    compared: Annotated[int, Field(description="How many films were compared.")]
    differing: Annotated[int, Field(description="How many of them differ.")]
    repaired: Annotated[bool, Field(description="Whether films or reviews were mended.")]
    films: Annotated[list[CountersView], Field(description="The first hundred that differ.")]
    reviews_compared: Annotated[int, Field(description="How many reviews were compared.")]
    reviews_differing: Annotated[int, Field(description="How many of them differ.")]
    reviews: Annotated[list[LikesView], Field(description="The first hundred that differ.")]


async def check_counters(settings: Settings, *, repair: bool, as_json: bool) -> None:
    """Compare the counters of films and reviews with the rows, and print the first that differ.

    The command ends with 1 if some differ and were not mended.
    """
    async with open_container(settings):
        compared, reviews = await Film.all().count(), await Review.all().count()
        differences = await _compare_films(compared, repair)
        likes = await _compare_reviews(repair)
    report = CountersReport(
        compared=compared,
        differing=len(differences),
        repaired=repair and bool(differences or likes),
        films=[_to_view(difference) for difference in differences[:MAX_LISTED]],
        reviews_compared=reviews,
        reviews_differing=len(likes),
        reviews=[
            LikesView(str(difference.review_id), difference.stored, difference.counted)
            for difference in likes[:MAX_LISTED]
        ],
    )
    if as_json:
        print_json(report)
    else:
        _print_differences(report)
    line = (
        f"the counters of {len(differences)} of {format_count(compared, 'film')} "
        f"and the likes of {len(likes)} of {format_count(reviews, 'review')} differ"
    )
    if (differences or likes) and not repair:
        fail(f"{line}; `movies check --counters --repair` mends them")
    if not as_json:
        typer.echo(f"{line}, and were mended" if report.repaired else line)


async def _compare_films(total: int, repair: bool) -> list[TallyDifference]:
    differences = []
    with progress_bar("films") as bar:
        task = bar.add_task("comparing", total=total)
        async for page in find_differences():
            bar.update(task, advance=page.compared)
            for film_id in page.film_ids:
                if (difference := await recount_film(film_id, repair=repair)) is not None:
                    differences.append(difference)
    return differences


async def _compare_reviews(repair: bool) -> list[LikesDifference]:
    differences = [
        await recount_likes(review_id, repair=repair)
        for review_id in await find_miscounted_reviews()
    ]
    return [difference for difference in differences if difference is not None]


def _print_differences(report: CountersReport) -> None:
    for film in report.films:
        typer.echo(f"{film.movie}  stored {film.stored}, counted {film.counted}")
    for review in report.reviews:
        typer.echo(f"{review.review}  stored {review.stored} likes, counted {review.counted}")


def _to_view(difference: TallyDifference) -> CountersView:
    stored, counted = difference.stored._asdict(), difference.counted._asdict()
    return CountersView(
        str(difference.film_id),
        {name: value for name, value in stored.items() if value != counted[name]},
        {name: value for name, value in counted.items() if value != stored[name]},
    )
