"""A process of its own that writes films, and the same film as others do, when it is told to."""

import asyncio
import sys

from service.clock import utc_now
from service.database.connection import close_database, open_database
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, FilmPatch
from service.outbox.notifications import notifier_for


async def write(database_url: str, name: str, shared: str, times: int) -> None:
    await open_database(database_url)
    notifier = notifier_for(database_url)
    catalogue = Catalogue(notifier, utc_now)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for number in range(times):
        made = await catalogue.add(FilmFacts(title=f"{name} {number}"))
        await catalogue.update(shared, None, FilmPatch(plot=f"{name} was here, {number}"))
        if number % 3 == 0:
            await catalogue.delete(str(made.id), None)
    await notifier.close()
    await close_database()


if __name__ == "__main__":
    _, url, who, film_id, count = sys.argv
    asyncio.run(write(url, who, film_id, int(count)))
