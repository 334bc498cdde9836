"""Clients of OMDb that others wrote, run against the service: from PyPI and from npm."""

import asyncio
import json
import shutil
import subprocess
from typing import Any

import omdb
import pytest

from tests.support import ROOT
from tests.support.backends import require_backend
from tests.support.service_runner import ApiClient

JAWS = "tt0073195"
AT_ONCE = 100


async def call_node_clients(api: ApiClient, *calls: tuple[str, str, object]) -> list[Any]:
    """Return what each call of an npm client returns, all being made at the same time."""
    modules, node = require_backend("omdb_clients"), shutil.which("node")
    assert node is not None

    def run() -> str:
        return subprocess.run(
            [node, str(ROOT / "tests/support/omdb_clients.js")],
            input=json.dumps([api.service.url, calls]),
            env={"NODE_PATH": modules},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout

    results: list[Any] = json.loads(await asyncio.to_thread(run))
    return results


def create_client(api: ApiClient) -> omdb.OMDBClient:
    client = omdb.OMDBClient(apikey="any")
    client.url = f"{api.service.url}/omdb"
    return client


async def test_omdb_of_pypi_reads_films_searches_and_misses(api: ApiClient) -> None:
    client = create_client(api)
    film = await asyncio.to_thread(client.imdbid, JAWS, fullplot=True, tomatoes=True)
    assert (film["title"], film["year"], film["imdb_id"]) == ("Jaws", "1975", JAWS)
    assert film["ratings"][0]["source"] == "Internet Movie Database"
    titled = await asyncio.to_thread(client.get, title="jaws", year=1975, media_type="movie")
    assert titled["imdb_id"] == JAWS
    hits = await asyncio.to_thread(client.search_movie, "godfahter", page=1)
    assert hits[0]["title"] == "The Godfather"
    assert await asyncio.to_thread(client.title, "No such film as this") == {}
    assert await asyncio.to_thread(client.search, "qqqqxxxxzzzz") == []


@pytest.mark.once
async def test_imdb_api_of_npm_reads_films_searches_and_misses(api: ApiClient) -> None:
    film, hits, miss, lost = await call_node_clients(
        api,
        ("imdb-api", "get", {"id": JAWS}),
        ("imdb-api", "search", {"name": "godfahter", "reqtype": "movie"}),
        ("imdb-api", "get", {"name": "No such film as this"}),
        ("imdb-api", "search", {"name": "qqqqxxxxzzzz"}),
    )
    assert (film["value"]["title"], film["value"]["year"]) == ("Jaws", 1975)
    assert film["value"]["rating"] > 5
    assert hits["value"]["results"][0]["title"] == "The Godfather"
    assert hits["value"]["totalresults"] >= len(hits["value"]["results"])
    assert "Movie not found!" in miss["error"]
    assert "Movie not found!" in lost["error"]


@pytest.mark.once
async def test_imdb_api_of_npm_reads_the_episodes_of_all_seasons(api: ApiClient) -> None:
    (result,) = await call_node_clients(api, ("imdb-api", "episodes", {"id": "tt0903747"}))
    episodes = result["value"]
    assert [(e["season"], e["episode"], e["title"]) for e in episodes] == [
        (1, 1, "Pilot"),
        (1, 2, "Cat's in the Bag..."),
        (2, 1, "Seven Thirty-Seven"),
        (3, 1, "No Más"),
        (4, 1, "Box Cutter"),
        (5, 14, "Ozymandias"),
        (5, 16, "Felina"),
    ]
    assert (episodes[5]["rating"], episodes[5]["imdbid"]) == (10, "tt2301451")


async def test_omdb_of_pypi_reads_seasons_and_episodes(api: ApiClient) -> None:
    client = create_client(api)
    season = await asyncio.to_thread(client.get, title="Breaking Bad", season=5)
    assert [episode["title"] for episode in season["episodes"]] == ["Ozymandias", "Felina"]
    episode = await asyncio.to_thread(client.get, imdbid="tt0903747", season=5, episode=14)
    assert (episode["title"], episode["season"]) == ("Ozymandias", "5")


@pytest.mark.once
@pytest.mark.parametrize("client", ["omdb-client", "omdb"])
async def test_a_client_with_omdbs_host_built_in_works_by_an_entry_for_that_host(
    api: ApiClient, client: str
) -> None:
    calls = {
        "omdb-client": (
            ("get", {"id": JAWS, "apiKey": "any", "plot": "full", "incTomatoes": True}),
            ("get", {"title": "jaws", "year": 1975, "type": "movie"}),
            ("search", {"query": "godfahter", "type": "movie"}),
            ("get", {"title": "No such film as this"}),
        ),
        "omdb": (
            ("get", {"imdb": JAWS}),
            ("get", {"title": "jaws", "year": 1975, "type": "movie"}),
            ("search", {"terms": "godfahter", "type": "movie"}),
            ("get", {"title": "No such film as this"}),
        ),
    }[client]
    results = await call_node_clients(api, *((client, *call) for call in calls))
    film, titled, hits, miss = results
    if client == "omdb":
        assert (film["value"]["title"], film["value"]["year"]) == ("Jaws", 1975)
        assert film["value"]["imdb"]["votes"] > 1000
        assert titled["value"]["imdb"]["id"] == JAWS
        assert hits["value"][0]["title"] == "The Godfather"
        assert miss == {"value": None}
    else:
        assert (film["value"]["Title"], film["value"]["Year"]) == ("Jaws", "1975")
        assert titled["value"]["imdbID"] == JAWS
        assert hits["value"]["Search"][0]["Title"] == "The Godfather"
        assert miss == {"error": "Movie not found!"}


@pytest.mark.once
@pytest.mark.parametrize(
    ("client", "argument", "title"),
    [
        ("omdb-client", {"id": JAWS}, "Title"),
        ("imdb-api", {"id": JAWS}, "title"),
        ("omdb", {"imdb": JAWS}, "title"),
    ],
)
async def test_a_hundred_requests_of_a_client_at_once_are_all_answered(
    api: ApiClient, client: str, argument: dict[str, str], title: str
) -> None:
    results = await call_node_clients(api, *[(client, "get", argument)] * AT_ONCE)
    assert [result.get("value", result).get(title) for result in results] == ["Jaws"] * AT_ONCE


async def test_a_hundred_requests_of_omdb_of_pypi_at_once_are_all_answered(api: ApiClient) -> None:
    async def read_title() -> str:
        return str((await asyncio.to_thread(create_client(api).imdbid, JAWS))["title"])

    assert await asyncio.gather(*(read_title() for _ in range(AT_ONCE))) == ["Jaws"] * AT_ONCE


@pytest.mark.once
async def test_only_the_root_of_omdbs_host_stands_for_its_api(api: ApiClient) -> None:
    for host in ("www.omdbapi.com", "OMDBAPI.com:80"):
        film = await api.get(f"/?i={JAWS}", headers={"Host": host})
        assert film.json["Title"] == "Jaws"
    image = await api.get(f"/?i={JAWS}", headers={"Host": "img.omdbapi.com"})
    assert image.headers["Content-Type"].startswith("image/")
    live = await api.get("/health/live", headers={"Host": "www.omdbapi.com"})
    assert live.status == 200
    page = await api.get("/", headers={"Host": "films.example"})
    assert page.headers["Content-Type"].startswith("text/html")
