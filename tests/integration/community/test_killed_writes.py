"""A process that is killed while a user does something: all of it has happened, or nothing."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import pytest
from tortoise.models import Model

from service.clock import utc_now
from service.community.history.models import HistoryEntry
from service.community.lists.models import FilmList, ListItem
from service.community.lists.schemas import NewList
from service.community.lists.service import FilmLists
from service.community.ratings.models import Rating
from service.community.reviews.models import Review, ReviewEdit, ReviewLike
from service.community.reviews.schemas import ReviewDraft
from service.community.reviews.service import Reviews
from service.community.tallies import find_differences
from service.community.watchlist.models import WatchlistEntry
from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from tests.support import ROOT
from tests.support.accounts import AccountActions
from tests.support.crashing_community import MAX_STATEMENTS, NEXT, Actions

TABLES: tuple[type[Model], ...] = (
    *(Film, Outbox, Rating, Review, ReviewEdit, ReviewLike),
    *(HistoryEntry, WatchlistEntry, FilmList, ListItem),
)
EARLIER: dict[str, tuple[str, ...]] = {
    "rate": (),
    "change_rating": ("rate",),
    "remove_rating": ("rate",),
    "review": (),
    "edit_review": ("review",),
    "delete_review": ("review",),
    "like": (),
    "unlike": ("like",),
    "watch": (),
    "forget_viewings": ("watch", "watch"),
    "add_to_watchlist": (),
    "remove_from_watchlist": ("add_to_watchlist",),
    "add_to_list": (),
    "change_note": ("add_to_list",),
    "order_list": ("add_to_list",),
    "remove_from_list": ("add_to_list",),
    "change_list": ("add_to_list",),
    "delete_list": ("add_to_list",),
    "merge": ("rate", "review", "watch", "add_to_watchlist"),
}
"""Action → what its user has done with the film before."""


LIST_ACTIONS = (
    *("add_to_list", "change_note", "order_list"),
    *("remove_from_list", "change_list", "delete_list"),
)


SINGLE_STATEMENTS = ("forget_viewings", "remove_from_watchlist")
"""Actions without a transaction: nothing comes before the statement that does it all."""


async def read_rows() -> dict[str, list[dict[str, object]]]:
    return {table.__name__: await table.all().order_by("id").values() for table in TABLES}


def omit_times(rows: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Return the rows without the times that a repeated request sets anew."""
    return {
        table: [
            {name: value for name, value in row.items() if name not in ("rated_at", "updated_at")}
            for row in table_rows
        ]
        for table, table_rows in rows.items()
    }


async def prepare(
    users: AccountActions, catalogue: Catalogue, reviews: Reviews, action: str
) -> list[UUID]:
    """Return the ids of a user, a film, and what else the action needs."""
    user = (await users.create_user("ada")).id
    film = await catalogue.add(FilmFacts(title="Jaws", year=1975))
    if action in LIST_ACTIONS:
        lists = FilmLists(catalogue, utc_now)
        film_list = await lists.create(user, NewList(name="Sharks"))
        other = await catalogue.add(FilmFacts(title="Alien", year=1979))
        await lists.add_item(user, str(film_list.id), other.id, None)
        return [user, film.id, film_list.id]
    if action in ("like", "unlike"):
        draft = ReviewDraft(title="Fine", body="Fine.", score=3)
        author = await users.create_user("bob")
        review = await reviews.add(author.id, str(film.id), draft, "en")
        return [user, film.id, review.id]
    other = await catalogue.add(FilmFacts(title="Jaws 2", year=1978))
    return [user, film.id, other.id]


async def assert_counters_are_those_of_the_rows() -> None:
    assert [film_id async for page in find_differences() for film_id in page.film_ids] == []
    likes = [like.review_id for like in await ReviewLike.all()]
    for review in await Review.all():
        assert review.likes == likes.count(review.id)


@pytest.fixture(scope="module")
async def killed_process() -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield the process that forks those which kill themselves."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.crashing_community"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    yield process
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


async def kill_at_each_statement(
    process: asyncio.subprocess.Process, action: str, database_url: str, ids: list[UUID]
) -> AsyncIterator[str]:
    """Yield where the action's process was killed, statement after statement, until it commits."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{action} {database_url} {' '.join(map(str, ids))}\n".encode())
    for number in range(MAX_STATEMENTS):
        if number:
            process.stdin.write(NEXT.encode())
        end, exit_code = (await process.stdout.readline()).decode().split()
        assert int(exit_code) == -signal.SIGKILL
        yield end
        if end == "committed":
            break
    process.stdin.write(b"end\n")


@pytest.mark.parametrize("action", EARLIER)
async def test_an_action_killed_at_any_statement_happens_wholly_or_not_at_all(
    users: AccountActions,
    catalogue: Catalogue,
    reviews: Reviews,
    notifier: OutboxNotifier,
    database: str,
    killed_process: asyncio.subprocess.Process,
    action: str,
) -> None:
    ids = await prepare(users, catalogue, reviews, action)
    actions = Actions(notifier, *ids)
    for earlier in EARLIER[action]:
        await getattr(actions, earlier)()
    before, ends = await read_rows(), []
    async for end in kill_at_each_statement(killed_process, action, database, ids):
        ends.append(end)
        assert (await read_rows() == before) == (end == "interrupted"), ends
        await assert_counters_are_those_of_the_rows()
    assert ends[-1] == "committed"
    assert (len(ends) == 1) == (action in SINGLE_STATEMENTS)
    if action != "watch":  # a film may be seen again
        after = omit_times(await read_rows())
        with suppress(DomainError):
            await getattr(actions, action)()
        assert omit_times(await read_rows()) == after, "a repetition changes nothing"
