"""A process that looks up one title many times at once, as soon as it reads a line from stdin."""

import asyncio
import sys

import aiohttp

from service.clock import utc_now
from service.database.connection import close_database, open_database
from service.films.catalogue import Catalogue
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.quota import OmdbQuota
from service.outbox.notifications import notifier_for
from tests.support.omdb_server import KEY


async def look_up(database_url: str, omdb_url: str, title: str, times: int) -> set[str]:
    """Return the ids of the films that the look-ups found."""
    await open_database(database_url)
    notifier = notifier_for(database_url)
    async with aiohttp.ClientSession() as session:
        client = OmdbClient(session, omdb_url, KEY, OmdbQuota(KEY, 1_000, utc_now))
        lookup = FilmLookup(Catalogue(notifier, utc_now), client, utc_now)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        films = await asyncio.gather(*(lookup.get(title) for _ in range(times)))
        await lookup.close()
    await notifier.close()
    await close_database()
    return {str(film.id) for film in films}


if __name__ == "__main__":
    _, database_url, omdb_url, title, times = sys.argv
    print(*asyncio.run(look_up(database_url, omdb_url, title, int(times))), sep="\n")
