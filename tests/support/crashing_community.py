"""What a user does with films, in processes that kill themselves by SIGKILL at each statement.

The program reads lines: an action, the URL of a database, and ids. For each statement of an action,
and once more for what follows the commit, it forks a process that dies there, and writes a line:
`interrupted` or `committed`, and the exit code of the process. It goes on when it has read `NEXT`,
and ends the action when it has read another line.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from uuid import UUID

from service.clock import utc_now
from service.community.history.service import History
from service.community.lists.schemas import ListPatch
from service.community.lists.service import FilmLists
from service.community.ratings.models import Rating
from service.community.ratings.schemas import RatingPatch, RatingValues
from service.community.ratings.service import Ratings
from service.community.reviews.likes import ReviewLikes
from service.community.reviews.models import Review
from service.community.reviews.schemas import ReviewDraft
from service.community.reviews.service import Reviews
from service.community.watchlist.service import Watchlists
from service.database import connection
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.outbox.notifications import OutboxNotifier, notifier_for
from service.server.container import FILM_ROW_MOVERS
from tests.support.interrupted_statements import Interrupted, interrupt_at

MAX_STATEMENTS = 60
NEXT = "next\n"


class Actions:
    """The actions of one user with one film; `other` is a list, a review or a film."""

    def __init__(self, notifier: OutboxNotifier, user: UUID, film: UUID, other: UUID) -> None:
        self._notifier = notifier
        self._catalogue = Catalogue(notifier, utc_now)
        self._reviews = Reviews(self._catalogue, utc_now)
        self._lists = FilmLists(self._catalogue, utc_now)
        self._user = user
        self._film = film
        self._other = other

    async def rate(self) -> None:
        ratings = Ratings(self._catalogue, utc_now)
        await ratings.set(self._user, str(self._film), RatingValues(vote="up", score=9))

    async def change_rating(self) -> None:
        rating = await Rating.get(user_id=self._user, film_id=self._film)
        patch = RatingPatch(vote="down", score=None)
        await Ratings(self._catalogue, utc_now).update(self._user, str(rating.id), patch)

    async def remove_rating(self) -> None:
        await Ratings(self._catalogue, utc_now).remove(self._user, self._film)

    async def review(self) -> None:
        draft = ReviewDraft(title="Fine", body="*Fine*.", score=7)
        await self._reviews.add(self._user, str(self._film), draft, "en")

    async def edit_review(self) -> None:
        review = await Review.get(user_id=self._user, film_id=self._film)
        draft = ReviewDraft(title="Bad", body="*Bad*.", score=2)
        await self._reviews.replace(self._user, str(review.id), draft)

    async def delete_review(self) -> None:
        review = await Review.get_or_none(user_id=self._user, film_id=self._film)
        if review is not None:
            await self._reviews.delete(self._user, str(review.id))

    async def like(self) -> None:
        await ReviewLikes(utc_now).add(self._user, str(self._other))

    async def unlike(self) -> None:
        await ReviewLikes(utc_now).remove(self._user, str(self._other))

    async def watch(self) -> None:
        await History(self._catalogue, utc_now).add(self._user, str(self._film))

    async def forget_viewings(self) -> None:
        await History(self._catalogue, utc_now).delete_film(self._user, self._film)

    async def add_to_watchlist(self) -> None:
        await Watchlists(self._catalogue, utc_now).add(self._user, self._film)

    async def remove_from_watchlist(self) -> None:
        await Watchlists(self._catalogue, utc_now).remove(self._user, self._film)

    async def add_to_list(self) -> None:
        await self._lists.add_item(self._user, str(self._other), self._film, "A shark.")

    async def change_note(self) -> None:
        await self._lists.add_item(self._user, str(self._other), self._film, "No shark.")

    async def order_list(self) -> None:
        await self._lists.order_items(self._user, str(self._other), [self._film])

    async def remove_from_list(self) -> None:
        await self._lists.remove_item(self._user, str(self._other), self._film)

    async def change_list(self) -> None:
        patch = ListPatch(name="Other sharks", visibility="public")
        await self._lists.change(self._user, str(self._other), patch)

    async def delete_list(self) -> None:
        await self._lists.delete(self._user, str(self._other))

    async def merge(self) -> None:
        merger = FilmMerger(self._catalogue, self._notifier, utc_now, FILM_ROW_MOVERS)
        await merger.merge(str(self._film), str(self._other))


def die(line: str) -> None:
    """Write the line and end the process as a loss of power would."""
    os.write(1, f"{line} ".encode())
    os.kill(os.getpid(), signal.SIGKILL)


async def run(action: str, statement: int, database_url: str, ids: list[UUID]) -> None:
    await connection.open_database(database_url)
    actions = Actions(notifier_for(database_url), *ids)
    with interrupt_at(statement, lambda: die("interrupted")), suppress(Interrupted):
        await getattr(actions, action)()
    die("committed")


def kill_at_each_statement(action: str, database_url: str, ids: list[UUID]) -> None:
    for statement in range(MAX_STATEMENTS):
        process = os.fork()
        if process == 0:
            asyncio.run(run(action, statement, database_url, ids))
            os._exit(1)
        _, status = os.waitpid(process, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        if sys.stdin.readline() != NEXT:
            return


def main() -> None:
    while line := sys.stdin.readline():
        action, database_url, *ids = line.split()
        kill_at_each_statement(action, database_url, [UUID(value) for value in ids])


if __name__ == "__main__":
    main()
