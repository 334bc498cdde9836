"""Batches: up to a hundred items in one request, each answered on its own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field
from sanic.request import Request

from service.http.openapi import Problem
from service.http.problems import catch_problem
from service.http.requests import validate

MAX_BATCH = 100  # items in one request

BatchItems = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)]
"""The items of a batch, each validated on its own."""

Item = TypeVar("Item", bound=BaseModel)
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class FilmChangeAnswer:
    """What became of one item of a batch."""

    status: Annotated[
        int,
        Field(
            description="201 added, 200 was there already, 204 removed, or the status of the "
            "error.",
            examples=[201],
        ),
    ]
    problem: Annotated[Problem | None, Field(description="Why it failed, if it did.")]


@dataclass(frozen=True, slots=True)
class FilmChangeAnswers:
    """The answers in the order of the items."""

    answers: Annotated[list[FilmChangeAnswer], Field(description="One answer for each item.")]


async def answer_each(
    request: Request,
    items: Sequence[dict[str, Any]],
    model: type[Item],
    handle: Callable[[Item], Awaitable[A]],
    on_problem: Callable[[int, Problem], A],
) -> list[A]:
    """Return the answer to each item in their order; one that fails does not keep the others.

    Args:
        model: what an item must be; a fault in it is a problem of this item alone.
        on_problem: makes an answer of a status and a problem document.
    """
    answers = []
    for number, item in enumerate(items):

        async def answer(number: int = number, item: dict[str, Any] = item) -> A:
            return await handle(validate(model, item, prefix=f"/items/{number}/"))

        answers.append(await catch_problem(request, answer, on_problem))
    return answers
