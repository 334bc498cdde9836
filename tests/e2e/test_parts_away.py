"""Parts that are unavailable from the start: what still works, and what is reported."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support import service_runner
from tests.support.service_runner import ApiClient, Service

UNREACHABLE = "127.0.0.1:1"  # a port on which nothing listens


@pytest.fixture(scope="module")
def isolated_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a service of whose parts only the database is reachable."""
    environment = {
        **service_runner.embedded_settings(tmp_path_factory.mktemp("isolated")),
        "SEARCH_URL": f"http://{UNREACHABLE}?timeout=30",
        "CACHE_URL": f"redis://{UNREACHABLE}/0",
        "POSTERS_URL": f"s3://films?endpoint_url=http://{UNREACHABLE}&region=us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "OMDB_URL": f"http://{UNREACHABLE}/",
        "OMDB_API_KEY": "none",
    }
    with service_runner.run_sample_service(environment) as started:
        yield started


@pytest.fixture
async def client(isolated_service: Service) -> AsyncIterator[ApiClient]:
    async with ApiClient.connect(isolated_service) as client:
        yield client


async def test_the_service_starts_and_reports_which_parts_fail(client: ApiClient) -> None:
    ready = await client.get("/health/ready")
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    states = {name: part["state"] for name, part in ready.json["parts"].items()}
    assert states["database"] == "ok"
    assert {states[name] for name in ("search", "cache", "posters")} == {"failed"}
    assert (await client.get("/health/live")).status == 200


async def test_metrics_without_a_token_are_for_this_machine_only(client: ApiClient) -> None:
    assert (await client.get("/metrics")).status == 200
    for forwarded in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        refused = await client.get("/metrics", headers=forwarded | {"Authorization": "Bearer x"})
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
async def test_without_an_index_the_database_answers_marked_as_degraded(
    client: ApiClient, typed: str, first: str
) -> None:
    answer = await client.search(typed, limit=1)
    assert answer.status == 200, answer.json
    assert answer.json["results"][0]["movie"]["title"] == first
    assert "search_engine_away" in answer.json["degraded"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_without_an_index_films_are_filtered_listed_and_completed(client: ApiClient) -> None:
    page = await client.get("/api/v1/movies?genre=sci%20fi&year_min=1990&sort=-year&limit=5")
    years = [movie["year"] for movie in page.json["results"]]
    assert years == sorted(years, reverse=True) and years[-1] >= 1990
    assert all("Sci-Fi" in movie["genres"] for movie in page.json["results"])
    following = await client.get(page.json["next"])
    assert following.status == 200
    assert following.json["results"][0]["year"] <= years[-1]
    completion = await client.get("/api/v1/suggest?q=godf")
    assert "The Godfather" in [entry["text"] for entry in completion.json["suggestions"]]
    assert completion.json["degraded"] == ["search_engine_away"]
    assert completion.headers["Cache-Control"] == "no-store"


async def test_films_are_shown_and_written(client: ApiClient) -> None:
    assert (await client.get("/api/v1/movies/tt0073195")).json["title"] == "Jaws"
    response = await client.request(
        "POST", "/api/v1/movies", token=await client.admin_token(), json={"title": uuid.uuid4().hex}
    )
    assert response.status == 201
    assert (await client.get(response.headers["Location"])).status == 200


async def test_an_unknown_title_without_upstream_is_a_503_and_not_a_404(client: ApiClient) -> None:
    answer = await client.get("/api/v1/movies/no%20such%20title%20anywhere")
    assert (answer.status, answer.json["code"]) == (503, "omdb_unavailable")
    assert "Retry-After" in answer.headers


async def test_the_doctor_names_failed_parts_and_exits_with_one(client: ApiClient) -> None:
    process = await asyncio.to_thread(client.service.run, "doctor")
    assert process.returncode == 1
    assert "FAILED  search" in process.stdout and "ok      database" in process.stdout
    assert "Traceback" not in process.stdout + process.stderr


async def test_without_its_database_the_service_runs_and_reports_it(tmp_path: Path) -> None:
    environment = {
        **service_runner.embedded_settings(tmp_path),
        "DATABASE_URL": f"postgres://nobody:x@{UNREACHABLE}/movies",
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
            metrics = (await api.get("/metrics")).body.decode()
            assert "\nmovies_database_up 0.0" in metrics
            assert "movies_http_request_duration_seconds_count" in metrics
            assert "movies_outbox_rows" not in metrics
