"""Parts that are away, from the start or in use: what still works, and what is said about it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests import running
from tests.conftest import required
from tests.running import Api, Service, until

NOBODY = "127.0.0.1:1"  # a port on which nothing ever listens


def facts(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite://{folder}/movies.db",
        "SEARCH_URL": f"tantivy://{folder}/index",
        "CACHE_URL": "memory://",
        "POSTERS_URL": f"file://{folder}/posters",
        "JWT_SECRET": "a secret that is only used by tests, 32+",
    }


@pytest.fixture(scope="module")
def bereft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of which nothing is there from the start but its database."""
    environment = {
        **facts(tmp_path_factory.mktemp("bereft")),
        "SEARCH_URL": f"http://{NOBODY}?timeout=30",
        "CACHE_URL": f"redis://{NOBODY}/0",
        "POSTERS_URL": f"s3://films?endpoint_url=http://{NOBODY}&region=us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "OMDB_URL": f"http://{NOBODY}/",
        "OMDB_API_KEY": "none",
    }
    with running.service(environment) as started:
        yield started


@pytest.fixture
async def lone(bereft: Service) -> AsyncIterator[Api]:
    async with Api.of(bereft) as client:
        yield client


async def test_it_starts_and_says_what_is_away(lone: Api) -> None:
    ready = await lone.get("/health/ready")
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    states = {name: part["state"] for name, part in ready.json["parts"].items()}
    assert states["database"] == "ok"
    assert {states[name] for name in ("search", "cache", "posters")} == {"failed"}
    assert (await lone.get("/health/live")).status == 200


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("spilberg jaws", "Jaws"),
        ("godfahter", "The Godfather"),
        ("starwars", "Star Wars: Episode IV - A New Hope"),
        ("leon", "Léon: The Professional"),
        ("se7en", "Se7en"),
    ],
)
async def test_without_an_index_the_database_answers_and_says_so(
    lone: Api, typed: str, first: str
) -> None:
    answer = await lone.search(typed, limit=1)
    assert answer.status == 200, answer.json
    assert answer.json["results"][0]["movie"]["title"] == first
    assert "search_engine_away" in answer.json["degraded"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_without_an_index_films_are_filtered_listed_and_completed(lone: Api) -> None:
    page = await lone.get("/api/v1/movies?genre=sci%20fi&year_min=1990&sort=-year&limit=5")
    years = [movie["year"] for movie in page.json["results"]]
    assert years == sorted(years, reverse=True) and years[-1] >= 1990
    assert all("Sci-Fi" in movie["genres"] for movie in page.json["results"])
    following = await lone.get(page.json["next"])
    assert following.status == 200
    assert following.json["results"][0]["year"] <= years[-1]
    told = await lone.get("/api/v1/suggest?q=godf")
    assert "The Godfather" in [each["text"] for each in told.json["suggestions"]]
    assert told.json["degraded"] == ["search_engine_away"]
    assert told.headers["Cache-Control"] == "no-store"


async def test_films_are_shown_and_written_all_the_same(lone: Api) -> None:
    assert (await lone.get("/api/v1/movies/tt0073195")).json["title"] == "Jaws"
    made = await lone.ask(
        "POST", "/api/v1/movies", token=await lone.admin(), json={"title": uuid.uuid4().hex}
    )
    assert made.status == 201
    assert (await lone.get(made.headers["Location"])).status == 200


async def test_an_unknown_title_without_upstream_is_a_503_and_not_a_404(lone: Api) -> None:
    answer = await lone.get("/api/v1/movies/no%20such%20title%20anywhere")
    assert (answer.status, answer.json["code"]) == (503, "omdb_unavailable")
    assert "Retry-After" in answer.headers


async def test_the_doctor_says_which_parts_fail_and_ends_with_one(lone: Api) -> None:
    done = await asyncio.to_thread(lone.service.movies, "doctor")
    assert done.returncode == 1
    assert "FAILED  search" in done.stdout and "ok      database" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


async def test_without_its_database_it_lives_and_says_so(tmp_path: Path) -> None:
    environment = {**facts(tmp_path), "DATABASE_URL": f"postgres://nobody:x@{NOBODY}/movies"}
    with running.started(environment) as service:
        async with Api.of(service) as api:
            assert (await api.get("/health/live")).status == 200
            ready = await api.get("/health/ready")
            assert (ready.status, ready.json["status"]) == (503, "unavailable")
            for path in ("/api/v1/search?q=jaws", "/api/v1/movies/tt0073195"):
                answer = await api.get(path)
                assert (answer.status, answer.json["code"]) == (503, "database_unavailable")
                assert "Retry-After" in answer.headers
            measured = (await api.get("/metrics")).body.decode()
            assert "\nmovies_database_up 0.0" in measured
            assert "movies_request_seconds_count" in measured
            assert "movies_outbox_rows" not in measured


class Proxy:
    """A TCP proxy before a real part, which a test takes away and gives back."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._there = (parts.hostname, parts.port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    def before(self, address: str) -> str:
        """The same address by way of this proxy."""
        parts = urlsplit(address)
        user = f"{parts.username}:{parts.password}@" if parts.username else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._there)
        ends = {writer, back}
        self._open |= ends
        await asyncio.wait(
            {
                asyncio.create_task(_pour(reader, back)),
                asyncio.create_task(_pour(there, writer)),
            },
            return_when=asyncio.FIRST_COMPLETED,
        )
        for end in ends:
            end.transport.abort()
        self._open -= ends


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return


@asynccontextmanager
async def proxied(address: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(address)
    await proxy.up()
    try:
        yield proxy
    finally:
        await proxy.down()


async def test_elasticsearch_redis_and_s3_go_and_come_back(stack: str, tmp_path: Path) -> None:
    if stack != "full":
        pytest.skip("the embedded stack has no part that could go away by itself")
    engine, cache, bucket = required("elasticsearch"), required("redis"), required("s3")
    endpoint = bucket.split("endpoint_url=")[1].split("&")[0]
    mark = uuid.uuid4().hex[:8]
    async with AsyncExitStack() as stack_:
        parts = [
            await stack_.enter_async_context(proxied(each)) for each in (engine, cache, endpoint)
        ]
        environment = {
            **facts(tmp_path),
            "SEARCH_URL": f"{parts[0].before(engine)}?index=movies-{mark}",
            "CACHE_URL": parts[1].before(cache),
            "POSTERS_URL": bucket.replace(endpoint, parts[2].before(endpoint)),
        }
        serving = running.service(environment)
        started = await asyncio.to_thread(serving.__enter__)
        stack_.push_async_callback(asyncio.to_thread, serving.__exit__, None, None, None)
        api = await stack_.enter_async_context(Api.of(started))

        async def found(typed: str, title: str) -> bool:
            answer = await api.search(typed)
            return answer.status == 200 and title in [
                hit["movie"]["title"] for hit in answer.json["results"]
            ]

        assert await until(lambda: found("godfahter", "The Godfather"))
        for part in parts:
            await part.down()

        async def makeshift() -> bool:
            answer = await api.search(f"godfahter {uuid.uuid4().hex[:3]}")
            return answer.status == 200 and "search_engine_away" in answer.json["degraded"]

        assert await until(makeshift)
        title = f"Written Meanwhile {mark}"
        made = await api.ask(
            "POST", "/api/v1/movies", token=await api.admin(), json={"title": title}
        )
        assert made.status == 201
        assert (await api.get(made.headers["Location"])).status == 200
        for part in parts:
            await part.up()
        assert await until(lambda: found(title, title))
