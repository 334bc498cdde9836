"""A process of its own that looks up one title many times at once, when it is told to begin."""

import asyncio
import sys
from datetime import UTC, datetime

import aiohttp

from service.database.connection import close_database, open_database
from service.films.catalogue import Catalogue
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.quota import OmdbQuota
from service.outbox.notifications import notifier_for
from tests.support.omdb_server import KEY


def now() -> datetime:
    return datetime.now(UTC)


async def ask(database_url: str, omdb_url: str, title: str, times: int) -> set[str]:
    """The ids of the films that the look-ups gave."""
    await open_database(database_url)
    notifier = notifier_for(database_url)
    async with aiohttp.ClientSession() as session:
        client = OmdbClient(session, omdb_url, KEY, OmdbQuota(KEY, 1_000, now))
        lookup = FilmLookup(Catalogue(notifier, now), client, now)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        films = await asyncio.gather(*(lookup.get(title) for _ in range(times)))
        await lookup.close()
    await notifier.close()
    await close_database()
    return {str(film.id) for film in films}


if __name__ == "__main__":
    _, database, omdb, named, count = sys.argv
    print(*asyncio.run(ask(database, omdb, named, int(count))), sep="\n")
