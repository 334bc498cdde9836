"""The contract: valid, complete, and true of what the service answers."""

import contextlib
import io
import re

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.support.service_runner import ApiClient, Response

LATER = ("/api/v1/movies/popular/x", "/api/v1/ratings", "/api/v1/export")


async def test_the_document_is_valid_openapi_and_lists_what_is_built(api: ApiClient) -> None:
    document = (await api.get("/openapi.json")).json
    assert document["openapi"].startswith("3.1")
    validate(document)
    assert set(document["paths"]) == {
        "/api/v1/admin/drift",
        "/api/v1/admin/movies/{movie}/reindex",
        "/api/v1/admin/outbox",
        "/api/v1/admin/outbox/{row}/retry",
        "/api/v1/admin/reindex",
        "/api/v1/admin/reindex/rollback",
        "/api/v1/admin/reindex/{job}",
        "/api/v1/auth/login",
        "/api/v1/auth/logout",
        "/api/v1/auth/refresh",
        "/api/v1/auth/register",
        "/api/v1/auth/verify",
        "/api/v1/match",
        "/api/v1/me",
        "/api/v1/movies",
        "/api/v1/movies/{movie}",
        "/api/v1/movies/{movie}/poster",
        "/api/v1/posters/{key}/{file}",
        "/api/v1/search",
        "/api/v1/search/batch",
        "/api/v1/suggest",
        "/docs",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
    }


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/api/v1/search?q=jaws", "/api/v1/search"),
        ("/api/v1/search?q=", "/api/v1/search"),
        ("/api/v1/search?q=spilberg+jaws&facets=genre,decade&explain=1", "/api/v1/search"),
        ("/api/v1/movies?genre=drama&sort=-year&facets=type", "/api/v1/movies"),
        ("/api/v1/suggest?q=godf", "/api/v1/suggest"),
        ("/api/v1/movies/tt0073195", "/api/v1/movies/{movie}"),
        ("/api/v1/movies/tt9999999", "/api/v1/movies/{movie}"),
        ("/health/ready", "/health/ready"),
        ("/api/v1/me", "/api/v1/me"),
    ],
)
async def test_answers_have_the_shape_that_the_document_says(
    api: ApiClient, path: str, template: str
) -> None:
    document = (await api.get("/openapi.json")).json
    answer = await api.get(path)
    said = document["paths"][template]["get"]["responses"][str(answer.status)]
    (kind,) = said["content"]
    assert answer.headers["Content-Type"].split(";")[0] == kind
    schema = {**said["content"][kind]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.json)


async def test_what_is_not_built_yet_is_an_unknown_address(api: ApiClient) -> None:
    for path in LATER:
        answer = await api.get(path)
        assert (answer.status, answer.json["code"]) == (404, "route_not_found")


async def test_a_wrong_method_is_told_the_right_ones(api: ApiClient) -> None:
    answer = await api.request("POST", "/api/v1/search", json={})
    assert (answer.status, answer.json["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


async def test_a_request_keeps_a_good_id_and_loses_a_bad_one(api: ApiClient) -> None:
    good = await api.get("/health/live", headers={"X-Request-ID": "abc-12345678"})
    assert good.headers["X-Request-ID"] == "abc-12345678"
    bad = await api.get("/health/live", headers={"X-Request-ID": "a b<script>"})
    assert re.fullmatch(r"[0-9a-f]{32}", bad.headers["X-Request-ID"])


async def test_the_contract_page_asks_nobody_outside(api: ApiClient) -> None:
    page = await api.get("/docs")
    assert page.status == 200
    assert "http" not in re.sub(r"<!doctype.*?>", "", page.body.decode())
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for asset in re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.body.decode()):
        assert (await api.get(asset)).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{nope", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"title": "\\ud800"}', "application/json", 400),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "application/json", 400),
        (b"x" * 10_000_000, "application/json", 413),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b'{"title": "a\\u0000b"}', "application/json", 422),
        (b"", "application/json", 400),
    ],
)
async def test_a_hostile_body_is_a_problem_document(
    api: ApiClient, body: bytes, kind: str, status: int
) -> None:
    head, token = {"Content-Type": kind}, await api.admin_token()
    answers: list[Response] = []
    while not answers:  # who is still sending may see the door close before reading the answer
        with contextlib.suppress(aiohttp.ClientOSError):
            given = {"data": io.BytesIO(body), "headers": head}
            answers.append(await api.request("POST", "/api/v1/movies", token=token, **given))
    answer = answers[0]
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert "Traceback" not in answer.body.decode()
    assert (await api.get("/health/live")).status == 200


async def test_a_browser_may_ask_first_and_only_chosen_origins_may_read(api: ApiClient) -> None:
    path = "/api/v1/search?q=jaws"
    asked = await api.request("OPTIONS", path, headers={"Origin": "https://films.example"})
    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "https://films.example"
    mine = await api.get(path, headers={"Origin": "https://films.example"})
    assert mine.headers["Access-Control-Allow-Origin"] == "https://films.example"
    other = await api.get(path, headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
