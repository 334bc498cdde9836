"""The work of `movies explain`: say why a film is or is not found."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from service.cli.output import print_json, print_line
from service.server.container import open_container
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a film is or is not found."""

    movie: Annotated[str, Field(description="The id or title as it was typed.")]
    film_id: Annotated[str | None, Field(description="The film's id; null if there is none.")]
    rank: Annotated[
        int | None,
        Field(description="Its rank in a search for its title; null if not among the first 100."),
    ]
    lines: Annotated[
        list[str],
        Field(description="Sentences on the film in database, outbox, index and search."),
    ]


async def explain(settings: Settings, movie: str, *, as_json: bool) -> None:
    """Print why `movie` is or is not found."""
    async with open_container(settings) as container:
        diagnosis = await container.diagnosis.explain(movie)
    if as_json:
        print_json(Explanation(movie, diagnosis.film_id, diagnosis.rank, list(diagnosis.lines)))
        return
    for line in diagnosis.lines:
        print_line(line)
