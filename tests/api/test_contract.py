"""The OpenAPI document: valid, complete, and true of the responses."""

import contextlib
import io
import re

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.api.test_access_matrix import read_matrix
from tests.support.service_runner import ApiClient, Response

UNBUILT_PATHS = ("/api/v1/movies/popular/x", "/api/v1/rating", "/api/v1/export")


async def test_the_document_is_valid_openapi_and_lists_all_routes(api: ApiClient) -> None:
    document = (await api.get("/openapi.json")).json
    assert document["openapi"].startswith("3.1")
    validate(document)
    assert set(document["paths"]) == {route.split(" ")[1] for route in read_matrix()}


async def test_a_client_that_has_the_document_gets_no_body(api: ApiClient) -> None:
    first = await api.get("/openapi.json")
    again = await api.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


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
        ("/api/v1/movies/lookup?title=jaws&year=1975&type=movie", "/api/v1/movies/lookup"),
        ("/health/ready", "/health/ready"),
        ("/api/v1/status", "/api/v1/status"),
        ("/api/v1/me", "/api/v1/me"),
    ],
)
async def test_responses_match_their_schemas(api: ApiClient, path: str, template: str) -> None:
    document = (await api.get("/openapi.json")).json
    response = await api.get(path)
    declared = document["paths"][template]["get"]["responses"][str(response.status)]
    (media_type,) = declared["content"]
    assert response.headers["Content-Type"].split(";")[0] == media_type
    schema = {**declared["content"][media_type]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(response.json)


async def test_an_unbuilt_route_is_an_unknown_address(api: ApiClient) -> None:
    for path in UNBUILT_PATHS:
        response = await api.get(path)
        assert (response.status, response.json["code"]) == (404, "route_not_found")


async def test_a_wrong_method_gets_the_allowed_ones(api: ApiClient) -> None:
    response = await api.request("POST", "/api/v1/search", json={})
    assert (response.status, response.json["code"]) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


async def test_a_well_formed_request_id_is_kept_and_another_is_replaced(api: ApiClient) -> None:
    good = await api.get("/health/live", headers={"X-Request-ID": "abc-12345678"})
    assert good.headers["X-Request-ID"] == "abc-12345678"
    bad = await api.get("/health/live", headers={"X-Request-ID": "a b<script>"})
    assert re.fullmatch(r"[0-9a-f]{32}", bad.headers["X-Request-ID"])


async def test_the_docs_page_loads_nothing_from_other_hosts(api: ApiClient) -> None:
    page = await api.get("/docs")
    assert page.status == 200
    assert "http" not in re.sub(r"<!doctype.*?>", "", page.body.decode())
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for asset in re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.body.decode()):
        assert (await api.get(asset)).status == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
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
async def test_a_hostile_body_gets_a_problem_document(
    api: ApiClient, body: bytes, content_type: str, status: int
) -> None:
    headers, token = {"Content-Type": content_type}, await api.admin_token()
    responses: list[Response] = []
    while not responses:  # the server may close the connection while the body is still being sent
        with contextlib.suppress(aiohttp.ClientOSError):
            options = {"data": io.BytesIO(body), "headers": headers}
            responses.append(await api.request("POST", "/api/v1/movies", token=token, **options))
    response = responses[0]
    assert (response.status, response.headers["Content-Type"]) == (
        status,
        "application/problem+json",
    )
    assert "Traceback" not in response.body.decode()
    assert (await api.get("/health/live")).status == 200


async def test_a_preflight_is_answered_and_only_configured_origins_may_read(api: ApiClient) -> None:
    path = "/api/v1/search?q=jaws"
    preflight = await api.request("OPTIONS", path, headers={"Origin": "https://films.example"})
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://films.example"
    allowed = await api.get(path, headers={"Origin": "https://films.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://films.example"
    other = await api.get(path, headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/api/v1/movies", "GET, HEAD, POST, OPTIONS"),
        ("/api/v1/movies/tt0073195", "DELETE, GET, HEAD, PATCH, PUT, OPTIONS"),
        ("/api/v1/movies/tt0073195/poster", "GET, HEAD, OPTIONS"),
        ("/api/v1/search", "GET, HEAD, OPTIONS"),
        ("/api/v1/match", "POST, OPTIONS"),
        ("/api/v1/admin/reindex/rollback", "POST, OPTIONS"),
        ("/docs/index.js", "GET, HEAD, OPTIONS"),
        ("/api/v1/movies/", "GET, HEAD, POST, OPTIONS"),
        ("/api/v1/movies/ratings/", "GET, HEAD, POST, OPTIONS"),
        ("/api/v1/users/register/", "POST, OPTIONS"),
    ],
)
async def test_a_method_that_is_not_allowed_gets_the_allowed_ones(
    api: ApiClient, path: str, allow: str
) -> None:
    refused = await api.request("TRACE", path)
    assert (refused.status, refused.headers["Allow"]) == (405, allow)
    options = await api.request("OPTIONS", path)
    assert (options.status, options.headers["Allow"]) == (204, allow)


async def test_head_answers_like_get_without_a_body(api: ApiClient) -> None:
    paths = [
        "/api/v1/movies/tt0073195",
        "/api/v1/movies/tt0073195/poster",
        "/api/v1/movies?limit=1",
        "/api/v1/search?q=jaws",
        "/api/v1/me",
        "/api/v1/movies/tt0000000/poster",
        "/openapi.json",
        "/docs",
        "/docs/index.js",
        "/health/live",
        "/health/ready",
    ]
    for path in paths:
        full, head = await api.get(path), await api.request("HEAD", path)
        assert (head.status, head.body) == (full.status, b""), path
        for name in ("Content-Type", "ETag", "Cache-Control", "Link"):
            assert head.headers.get(name) == full.headers.get(name), (path, name)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/movies/tt0073195?langauge=en"),
        ("GET", "/api/v1/movies/tt0073195?langauge="),
        ("GET", "/api/v1/movies/lookup?title=jaws&langauge=en"),
        ("GET", "/api/v1/movies/tt0073195/poster?langauge=en"),
        ("GET", "/api/v1/me?langauge=en"),
        ("GET", "/health/ready?langauge=en"),
        ("GET", "/openapi.json?langauge=en"),
        ("POST", "/api/v1/auth/login?langauge=en"),
        ("POST", "/api/v1/movies?langauge=en"),
        ("DELETE", "/api/v1/movies/tt0073195?langauge=en"),
        ("POST", "/api/v1/search/batch?langauge=en"),
    ],
)
async def test_an_unknown_parameter_is_refused_and_named(
    api: ApiClient, method: str, path: str
) -> None:
    response = await api.request(method, path)
    assert (response.status, response.json["errors"][0]["pointer"]) == (422, "langauge")


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("GET", "/api/v1/movies?limit=1_0", None, "limit"),
        ("GET", "/api/v1/movies?rating_min=1_0.5", None, "rating_min"),
        ("GET", "/api/v1/suggest?q=jaws&limit=1_0", None, "limit"),
        ("GET", "/api/v1/movies/popular?offset=1_0", None, "offset"),
        ("POST", "/api/v1/movies", {"title": "Jaws", "year": "19_75"}, "/year"),
        (
            "POST",
            "/api/v1/movies",
            {"title": "Jaws", "ratings": {"imdb": {"votes": "6_0"}}},
            "/ratings/imdb/votes",
        ),
    ],
)
async def test_a_number_with_an_underscore_is_refused_and_named(
    api: ApiClient, method: str, path: str, body: dict[str, object] | None, pointer: str
) -> None:
    response = await api.request(method, path, json=body, token=await api.admin_token())
    assert response.status == 422, response.json
    assert [error["pointer"] for error in response.json["errors"]] == [pointer]
