"""A process that writes films, and changes one film that other processes change too."""

import asyncio
import sys

from service.clock import utc_now
from service.database.connection import close_database, open_database
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, FilmPatch
from service.outbox.notifications import notifier_for


async def write_films(database_url: str, name: str, shared_id: str, count: int) -> None:
    """Print `ready`, wait for a line on standard input, then add `count` films."""
    await open_database(database_url)
    notifier = notifier_for(database_url)
    catalogue = Catalogue(notifier, utc_now)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for number in range(count):
        film = await catalogue.add(FilmFacts(title=f"{name} {number}"))
        await catalogue.update(shared_id, None, FilmPatch(plot=f"{name} was here, {number}"))
        if number % 3 == 0:
            await catalogue.delete(str(film.id), None)
    await notifier.close()
    await close_database()


if __name__ == "__main__":
    _, url, writer_name, film_id, film_count = sys.argv
    asyncio.run(write_films(url, writer_name, film_id, int(film_count)))
