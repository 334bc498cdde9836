"""What holds for each API of another service: who may use it, and where its keys do not appear."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import service_runner
from tests.support.api_accounts import create_key, create_user
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

WRONG_KEY = "mvk_" + "x" * 43


@pytest.fixture(scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Yield a service whose OMDb API wants keys of users, each for a few requests a day."""
    settings = {
        **service_runner.embedded_settings(tmp_path_factory.mktemp("compat")),
        "COMPAT": "omdb",
        "OMDB_COMPAT_KEYS": "users",
        "RATE_LIMITS": "key=5/day",
        "INDEXER": "external",
    }
    async with service_runner.open_in_thread(service_runner.run_service(settings)) as service:
        yield service


async def test_where_keys_are_wanted_none_and_wrong_ones_are_401(strict: Service) -> None:
    async with ApiClient.connect(strict) as api:
        none = await api.get("/omdb/?i=tt0073195")
        assert (none.status, none.json["Error"]) == (401, "No API key provided.")
        for key in ("wrong", WRONG_KEY):
            wrong = await api.get("/omdb/", params={"i": "tt0073195", "apikey": key})
            assert (wrong.status, wrong.json) == (
                401,
                {"Response": "False", "Error": "Invalid API key!"},
            )
        header = await api.get("/omdb/?i=tt0073195", headers={"X-API-Key": WRONG_KEY})
        assert (header.status, header.json["Error"]) == (401, "Invalid API key!")
        image = await api.get("/omdb/img?i=tt0073195")
        assert (image.status, image.json["Error"]) == (401, "No API key provided.")


async def test_a_key_works_in_either_place_not_in_both_and_up_to_its_limit(
    strict: Service,
) -> None:
    async with ApiClient.connect(strict) as api:
        user = await create_user(api)
        key = str((await create_key(api, user.token, "lists"))["key"])
        params = {"i": "tt0073195", "apikey": key}
        answers = [await api.get("/omdb/", params=params) for _ in range(3)]
        assert [(a.status, a.json["Error"]) for a in answers] == [(200, "Movie not found!")] * 3
        assert '"key";q=5' in answers[0].headers["RateLimit-Policy"]
        header = await api.get("/omdb/?i=tt0073195", headers={"X-API-Key": key})
        assert header.status == 200
        both = await api.get("/omdb/", params=params, headers={"X-API-Key": key})
        assert (both.status, both.json["Error"]) == (401, "Invalid API key!")
        for path in ("/omdb/", "/omdb/?r=xml"):
            over = await api.get(path, params=params)
            assert over.status == 401
            assert "Request limit reached!" in over.body.decode()
            assert int(over.headers["Retry-After"]) > 0


async def test_a_key_in_an_address_is_in_no_log_metric_or_referrer(strict: Service) -> None:
    async with ApiClient.connect(strict) as api:
        user = await create_user(api)
        key = str((await create_key(api, user.token, "read"))["key"])
        queries = (f"i=tt0073195&apikey={key}", f"t=%FF&APIKEY={key}", f"x=1&ApiKey={key}")
        for path in ("/omdb/", "/omdb/img", "/omdb/nowhere", f"/omdb/{key}/nowhere"):
            for query in queries:
                response = await api.get(f"{path}?{query}")
                assert response.headers["Referrer-Policy"] == "no-referrer"
        metrics = (await api.get("/metrics")).body.decode()
        assert 'route="/omdb"' in metrics
        log = strict.log.read_text()
        assert re.search(r"path\S*=\S*/omdb/\*?", re.sub(r"\x1b\[[0-9;]*m", "", log))
        for text in (metrics, log):
            assert key not in text
            assert key.removeprefix("mvk_") not in text


@pytest.mark.parametrize(
    "settings", [{"COMPAT": "off"}, {"ENVIRONMENT": "production"}], ids=["off", "production"]
)
async def test_an_api_that_is_not_enabled_is_an_unknown_address(
    settings: dict[str, str], tmp_path: Path
) -> None:
    environment = {
        **service_runner.embedded_settings(tmp_path),
        "MAIL_URL": "console://",
        "INDEXER": "external",
        **settings,
    }
    running = service_runner.open_in_thread(service_runner.run_service(environment))
    async with running as service, ApiClient.connect(service) as api:
        unknown = await api.get("/nothing/")
        for path in ("/omdb/", "/omdb", "/omdb/img?i=tt0073195"):
            response = await api.get(path)
            assert (response.status, response.json["code"]) == (404, unknown.json["code"])
        assert "/omdb" not in (await api.get("/openapi.json")).json["paths"]


async def test_a_client_that_ignores_limits_gets_each_answer_and_harms_nobody(
    strict: Service,
) -> None:
    async with ApiClient.connect(strict) as api:
        user = await create_user(api)
        key = str((await create_key(api, user.token, "read"))["key"])
        path = f"/omdb/?i=tt0073195&apikey={key}"
        answers = await asyncio.gather(*(api.get(path) for _ in range(100)))
        texts = sorted((answer.status, answer.json["Error"]) for answer in answers)
        assert texts == [(200, "Movie not found!")] * 5 + [(401, "Request limit reached!")] * 95
        assert (await api.get("/api/v1/me", token=user.token)).status == 200
        other = str((await create_key(api, (await create_user(api)).token, "read"))["key"])
        assert (await api.get(f"/omdb/?i=tt0073195&apikey={other}")).status == 200


async def test_while_the_database_is_away_each_form_says_so_with_503(tmp_path: Path) -> None:
    environment = {
        **service_runner.embedded_settings(tmp_path),
        "DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/movies",
        "INDEXER": "external",
    }
    running = service_runner.open_in_thread(service_runner.run_service(environment))
    async with running as service, ApiClient.connect(service) as api:
        for path in ("/omdb/?i=tt0073195", "/omdb/?s=jaws", "/omdb/img?i=tt0073195"):
            away = await api.get(path)
            assert (away.status, away.json["Error"]) == (503, "Error getting data.")
            assert int(away.headers["Retry-After"]) > 0
        xml = await api.get("/omdb/?t=jaws&r=xml")
        assert (xml.status, xml.headers["Content-Type"]) == (503, "text/xml; charset=utf-8")
        assert b"<error>Error getting data.</error>" in xml.body
