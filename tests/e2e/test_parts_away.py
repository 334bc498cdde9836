"""Parts that are away from the start: what still works, and what is said about it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support import service_runner
from tests.support.service_runner import ApiClient, Service

NOBODY = "127.0.0.1:1"  # a port on which nothing ever listens


@pytest.fixture(scope="module")
def bereft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a service of which nothing is there from the start but its database."""
    environment = {
        **service_runner.embedded_settings(tmp_path_factory.mktemp("bereft")),
        "SEARCH_URL": f"http://{NOBODY}?timeout=30",
        "CACHE_URL": f"redis://{NOBODY}/0",
        "POSTERS_URL": f"s3://films?endpoint_url=http://{NOBODY}&region=us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "OMDB_URL": f"http://{NOBODY}/",
        "OMDB_API_KEY": "none",
    }
    with service_runner.run_sample_service(environment) as started:
        yield started


@pytest.fixture
async def lone(bereft: Service) -> AsyncIterator[ApiClient]:
    async with ApiClient.connect(bereft) as client:
        yield client


async def test_it_starts_and_says_what_is_away(lone: ApiClient) -> None:
    ready = await lone.get("/health/ready")
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    states = {name: part["state"] for name, part in ready.json["parts"].items()}
    assert states["database"] == "ok"
    assert {states[name] for name in ("search", "cache", "posters")} == {"failed"}
    assert (await lone.get("/health/live")).status == 200


async def test_without_a_token_measurements_are_for_this_machine_alone(lone: ApiClient) -> None:
    assert (await lone.get("/metrics")).status == 200
    for handed_on in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        refused = await lone.get("/metrics", headers=handed_on | {"Authorization": "Bearer x"})
        assert (refused.status, refused.json["code"]) == (403, "metrics_closed")


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
    lone: ApiClient, typed: str, first: str
) -> None:
    answer = await lone.search(typed, limit=1)
    assert answer.status == 200, answer.json
    assert answer.json["results"][0]["movie"]["title"] == first
    assert "search_engine_away" in answer.json["degraded"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_without_an_index_films_are_filtered_listed_and_completed(lone: ApiClient) -> None:
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


async def test_films_are_shown_and_written_all_the_same(lone: ApiClient) -> None:
    assert (await lone.get("/api/v1/movies/tt0073195")).json["title"] == "Jaws"
    made = await lone.request(
        "POST", "/api/v1/movies", token=await lone.admin_token(), json={"title": uuid.uuid4().hex}
    )
    assert made.status == 201
    assert (await lone.get(made.headers["Location"])).status == 200


async def test_an_unknown_title_without_upstream_is_a_503_and_not_a_404(lone: ApiClient) -> None:
    answer = await lone.get("/api/v1/movies/no%20such%20title%20anywhere")
    assert (answer.status, answer.json["code"]) == (503, "omdb_unavailable")
    assert "Retry-After" in answer.headers


async def test_the_doctor_says_which_parts_fail_and_ends_with_one(lone: ApiClient) -> None:
    done = await asyncio.to_thread(lone.service.run, "doctor")
    assert done.returncode == 1
    assert "FAILED  search" in done.stdout and "ok      database" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


async def test_without_its_database_it_lives_and_says_so(tmp_path: Path) -> None:
    environment = {
        **service_runner.embedded_settings(tmp_path),
        "DATABASE_URL": f"postgres://nobody:x@{NOBODY}/movies",
    }
    with service_runner.run_service(environment) as service:
        async with ApiClient.connect(service) as api:
            assert (await api.get("/health/live")).status == 200
            ready = await api.get("/health/ready")
            assert (ready.status, ready.json["status"]) == (503, "unavailable")
            for path in ("/api/v1/search?q=jaws", "/api/v1/movies/tt0073195"):
                answer = await api.get(path)
                assert (answer.status, answer.json["code"]) == (503, "database_unavailable")
                assert "Retry-After" in answer.headers
            measured = (await api.get("/metrics")).body.decode()
            assert "\nmovies_database_up 0.0" in measured
            assert "movies_http_request_duration_seconds_count" in measured
            assert "movies_outbox_rows" not in measured
