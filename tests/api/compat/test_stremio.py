"""The add-on for Stremio: manifest, catalogues, the facts of films."""

import json
import random
import subprocess
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api_accounts import create_key
from tests.support.backends import require_backend
from tests.support.members import Member, add_film, clear_cache
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

LINT = "const {lintManifest} = require('stremio-addon-linter');" + (
    "const result = lintManifest(JSON.parse(require('fs').readFileSync(0)));"
    "const texts = errors => errors.map(String);"
    "console.log(JSON.stringify([texts(result.errors), texts(result.warnings)]))"
)


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def create_read_key(member: Member, *scopes: str) -> str:
    return str((await create_key(member.api, member.token, *(scopes or ("read",))))["key"])


def make_imdb_id() -> str:
    return f"tt{random.randrange(10**8, 10**9)}"


async def get(api: ApiClient, path: str) -> Response:
    """Return an answer that the pages of all origins may read, as Stremio needs it."""
    answer = await api.get(f"/stremio{path}", headers={"Origin": "https://app.strem.io"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*", path
    assert answer.headers["Content-Type"] == "application/json", path
    return answer


async def list_ids(api: ApiClient, path: str) -> list[str]:
    answer = await get(api, path)
    assert answer.status == 200, answer.json
    return [meta["id"] for meta in answer.json["metas"]]


def lint_manifest(manifest: Any) -> list[list[str]]:
    """Return the errors and the warnings of the linter of Stremio's SDK."""
    result = subprocess.run(
        ["node", "-e", LINT],
        input=json.dumps(manifest),
        env={"NODE_PATH": require_backend("stremio_linter"), "PATH": "/usr/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    errors: list[list[str]] = json.loads(result.stdout)
    return errors


async def test_the_manifest_passes_the_linter_of_stremios_sdk(
    api: ApiClient, member: Member
) -> None:
    for prefix in ("", f"/{await create_read_key(member)}"):
        manifest = await get(api, f"{prefix}/manifest.json")
        assert manifest.status == 200
        assert lint_manifest(manifest.json) == [[], []]
    broken = {**manifest.json, "version": "one"}
    assert lint_manifest(broken)[0] == ["Error: manifest.version must be a valid semver string"]


async def test_the_manifest_offers_catalogues_and_with_a_key_the_watchlist_as_well(
    api: ApiClient, member: Member
) -> None:
    manifest = (await get(api, "/manifest.json")).json
    assert (manifest["resources"], manifest["types"]) == (["catalog", "meta"], ["movie", "series"])
    assert manifest["idPrefixes"] == ["tt"]
    catalogs = {(catalog["type"], catalog["id"]) for catalog in manifest["catalogs"]}
    names = ("popular", "trending", "search")
    assert catalogs == {(kind, name) for kind in ("movie", "series") for name in names}
    search = next(c for c in manifest["catalogs"] if c["id"] == "search")
    assert {"name": "search", "isRequired": True} in search["extra"]
    genre = next(extra for extra in search["extra"] if extra["name"] == "genre")
    assert "Drama" in genre["options"]
    with_key = (await get(api, f"/{await create_read_key(member)}/manifest.json")).json
    assert ("movie", "watchlist") in {(c["type"], c["id"]) for c in with_key["catalogs"]}


async def test_each_catalogue_of_the_manifest_answers(api: ApiClient, member: Member) -> None:
    key = await create_read_key(member)
    for catalog in (await get(api, f"/{key}/manifest.json")).json["catalogs"]:
        extra = "/search=jaws" if catalog["id"] == "search" else ""
        path = f"/{key}/catalog/{catalog['type']}/{catalog['id']}{extra}.json"
        assert (await get(api, path)).status == 200, path


async def test_the_popular_catalogue_has_the_films_of_the_chart_in_pages_of_a_hundred(
    api: ApiClient,
) -> None:
    await clear_cache(api)  # so that both charts are of now
    chart = await api.get("/api/v1/movies/popular?limit=100")
    movies = [
        r["movie"]["imdb_id"]
        for r in chart.json["results"]
        if r["movie"]["type"] == "movie" and r["movie"]["imdb_id"]
    ]
    first = await list_ids(api, "/catalog/movie/popular.json")
    assert first[: len(movies)] == movies[:100]
    assert len(first) == 100
    second = await list_ids(api, "/catalog/movie/popular/skip=100.json")
    assert second
    assert not set(first) & set(second)
    assert await list_ids(api, "/catalog/movie/popular/skip=50000.json") == []
    series = await get(api, "/catalog/series/popular.json")
    assert {meta["type"] for meta in series.json["metas"]} <= {"series"}


async def test_a_catalogue_is_narrowed_by_a_genre_in_the_path_or_in_the_query(
    api: ApiClient,
) -> None:
    by_path = await get(api, "/catalog/movie/popular/genre=Sci-Fi&skip=0.json")
    by_query = await get(api, "/catalog/movie/popular.json?genre=sci-fi")
    assert by_path.json == by_query.json
    assert by_path.json["metas"]
    assert all("Sci-Fi" in meta["genres"] for meta in by_path.json["metas"])


async def test_a_search_tolerates_typos_and_finds_titles_of_the_type(api: ApiClient) -> None:
    answer = await get(api, f"/catalog/movie/search/{quote('search=the godfahter')}.json")
    assert answer.json["metas"][0]["name"] == "The Godfather"
    assert await list_ids(api, "/catalog/movie/search/search=the%20godfahter&skip=1000.json") == []
    assert await list_ids(api, "/catalog/movie/search.json") == []
    series = await get(api, "/catalog/series/search/search=godfather.json")
    assert {meta["type"] for meta in series.json["metas"]} <= {"series"}


async def test_an_ampersand_in_a_search_is_part_of_the_words(api: ApiClient) -> None:
    film = await add_film(api, "Quartz & Feldspar", imdb_id=make_imdb_id())
    words = quote(film["title"], safe="")
    path = f"/catalog/movie/search/search={words}.json"

    async def is_first() -> bool:
        return (await list_ids(api, path))[:1] == [film["imdb_id"]]

    await wait_until(is_first)


async def test_a_film_has_its_facts_under_stremios_names(api: ApiClient) -> None:
    film = await add_film(
        api,
        imdb_id=make_imdb_id(),
        year=1975,
        released="1975-06-20",
        runtime_minutes=124,
        genres=["Drama"],
        directors=["Ada"],
        actors=["Grace"],
        plot='A "quoted" plot.',
        ratings={"imdb": {"value": 8.0}},
        languages=["English", "French"],
    )
    meta = (await get(api, f"/meta/movie/{film['imdb_id']}.json")).json["meta"]
    assert meta == {
        "id": film["imdb_id"],
        "type": "movie",
        "name": film["title"],
        "releaseInfo": "1975",
        "released": "1975-06-20T00:00:00Z",
        "runtime": "124 min",
        "genres": ["Drama"],
        "director": ["Ada"],
        "writer": [],
        "cast": ["Grace"],
        "description": 'A "quoted" plot.',
        "imdbRating": "8.0",
        "language": "English, French",
    }


@pytest.mark.parametrize(
    ("facts", "years"),
    [
        ({"year": 2014}, "2014-"),
        ({"year": 2017, "end_year": 2020}, "2017-2020"),
        ({"year": 2019, "end_year": 2019}, "2019"),
        ({}, None),
    ],
)
async def test_a_series_has_the_years_of_its_run(
    api: ApiClient, facts: dict[str, int], years: str | None
) -> None:
    film = await add_film(api, imdb_id=make_imdb_id(), type="series", **facts)
    meta = (await get(api, f"/meta/series/{film['imdb_id']}.json")).json["meta"]
    assert meta.get("releaseInfo") == years


async def test_a_series_has_its_episodes_as_videos(api: ApiClient) -> None:
    assert (await api.get("/api/v1/movies/tt0903747")).status == 200  # looks it up at OMDb
    meta = (await get(api, "/meta/series/tt0903747.json")).json["meta"]
    assert [video["id"] for video in meta["videos"]] == [
        "tt0903747:1:1",
        "tt0903747:1:2",
        "tt0903747:2:1",
        "tt0903747:3:1",
        "tt0903747:4:1",
        "tt0903747:5:14",
        "tt0903747:5:16",
    ]
    assert meta["videos"][5] == {
        "id": "tt0903747:5:14",
        "title": "Ozymandias",
        "released": "2013-09-15T00:00:00Z",
        "season": 5,
        "episode": 14,
    }
    assert "released" not in meta["videos"][6]
    unknown = await add_film(api, imdb_id=make_imdb_id(), type="series")
    assert "videos" not in (await get(api, f"/meta/series/{unknown['imdb_id']}.json")).json["meta"]


async def test_the_watchlist_needs_the_key_of_its_owner(api: ApiClient, member: Member) -> None:
    film = await add_film(api, imdb_id=make_imdb_id())
    await member.send("PUT", f"/me/watchlist/{film['id']}")
    key = await create_read_key(member)
    path = "catalog/movie/watchlist.json"
    assert await list_ids(api, f"/{key}/{path}") == [film["imdb_id"]]
    other = await create_read_key(await Member.join(api))
    assert await list_ids(api, f"/{other}/{path}") == []
    refusals = {
        "": "A bearer token is required.",
        "/wrong": "The API key is invalid or has expired.",
        f"/{await create_read_key(member, 'write')}": "A bearer token is required.",
    }
    for prefix, reason in refusals.items():
        refused = await get(api, f"{prefix}/{path}")
        assert (refused.status, refused.json) == (401, {"err": reason}), prefix


@pytest.mark.parametrize(
    "path",
    [
        "/meta/movie/tt0000000.json",
        "/meta/movie/jaws.json",
        "/meta/series/tt0073195.json",
        "/meta/movie/tt0073195",
        "/catalog/movie/nothing.json",
        "/catalog/game/popular.json",
        "/catalog/movie/popular",
    ],
)
async def test_what_is_not_there_is_an_error_of_the_protocol(api: ApiClient, path: str) -> None:
    answer = await get(api, path)
    assert (answer.status, answer.json) == (404, {"err": "not found"})


@pytest.mark.parametrize("extra", ["skip=-1", "skip=two", "genre=" + "x" * 101, "search="])
async def test_wrong_parameters_are_refused_as_the_protocol_does(
    api: ApiClient, extra: str
) -> None:
    answer = await get(api, f"/catalog/movie/search/search=jaws&{extra}.json")
    assert (answer.status, set(answer.json)) == (422, {"err"})


async def test_unknown_parameters_are_ignored(api: ApiClient) -> None:
    plain = await get(api, "/catalog/movie/popular.json")
    odd = await get(api, "/catalog/movie/popular/lastVideosIds=1&date=2.json?_=1")
    assert odd.json == plain.json
    assert (await get(api, "/manifest.json?utm=x")).status == 200
