"""What every door shares, on a small app of its own by sanic-testing."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic_testing.reusable import ReusableClient

from service.errors import FieldError, Invalid, Misconfigured, TooMany, Unavailable
from service.http import middleware, problems
from service.http.pagination import Links, PageQuery
from service.http.requests import read_query
from service.http.responses import conditional_response, json_response
from service.observability import logging as logs
from service.observability.metrics import render_metrics
from service.search.requests import SearchQuery


@pytest.fixture(scope="module")
def client() -> Iterator[ReusableClient]:
    app: Sanic = Sanic("doors", request_class=middleware.IdentifiedRequest, configure_logging=False)
    problems.install(app)
    middleware.install(app, ())
    faults = {
        "wrong": Invalid("Wrong: x.", errors=(FieldError("/x", "is wrong"),)),
        "later": TooMany("Too many.", retry_after=7.4),
        "away": Unavailable("Away.", code="x_unavailable", retry_after=0.2),
        "key": Misconfigured("A bad key."),
        "bug": ZeroDivisionError("a secret detail"),
        "database": ConnectionRefusedError("host db.internal refused"),
    }

    @app.get("/fail/<how:str>")
    async def fail(request: Request, how: str) -> HTTPResponse:
        raise faults[how]

    @app.get("/page")
    async def page(request: Request) -> HTTPResponse:
        return json_response(read_query(request, PageQuery))

    @app.get("/tagged")
    async def tagged(request: Request) -> HTTPResponse:
        return conditional_response(request, {"a": 1}, "7")

    made = ReusableClient(app)
    with made:
        yield made


@pytest.mark.parametrize(
    ("how", "status", "code", "retry"),
    [
        ("wrong", 422, "invalid", None),
        ("later", 429, "too_many_requests", "7"),
        ("away", 503, "x_unavailable", "1"),
        ("key", 503, "misconfigured", None),
        ("bug", 500, "internal_error", None),
        ("database", 503, "database_unavailable", "2"),
    ],
)
def test_every_fault_is_one_problem_document(
    client: ReusableClient, how: str, status: int, code: str, retry: str | None
) -> None:
    _, response = client.get(f"/fail/{how}")
    assert response.status == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.get("retry-after") == retry
    told = response.json
    assert (told["status"], told["code"], told["instance"]) == (status, code, f"/fail/{how}")
    assert told["request_id"] == response.headers["x-request-id"]
    for secret in ("a secret detail", "db.internal", "Traceback"):
        assert secret not in response.text


def test_pages_are_bounded_and_unknown_parameters_named(client: ReusableClient) -> None:
    assert client.get("/page?limit=100&offset=900")[1].json == {"limit": 100, "offset": 900}
    for wrong, named in (("limit=101", "limit"), ("offset=990", "offset"), ("page=2", "page")):
        told = client.get(f"/page?{wrong}")[1].json
        assert (told["status"], told["errors"][0]["pointer"]) == (422, named)
    many = "&".join(f"x{n}=1" for n in range(200))
    assert client.get(f"/page?{many}")[1].json["code"] == "malformed_query"


@pytest.mark.parametrize(
    ("known", "status"), [('"7"', 304), ('W/"7"', 304), ("*", 304), ('"6", "7"', 304), ('"6"', 200)]
)
def test_what_a_client_has_is_not_sent_again(
    client: ReusableClient, known: str, status: int
) -> None:
    assert client.get("/tagged", headers={"If-None-Match": known})[1].status == status


def test_a_method_that_nobody_knows_is_counted_as_other(client: ReusableClient) -> None:
    for method in ("BREW", "GET"):
        assert client.request("/page", http_method=method)[1].headers["x-request-id"]
    told = render_metrics().decode()
    assert 'method="GET"' in told and 'method="other"' in told and "BREW" not in told


def test_links_keep_all_but_the_wait_of_one_client() -> None:
    asked = SearchQuery.model_validate({"q": "jaws", "year": 1975, "after": "1.7"})
    links = Links.for_page("/search", asked, 0, "further")
    assert links.next == "/search?year=1975&q=jaws&cursor=further"


def test_log_lines_are_json_with_fields_and_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    handlers = logging.getLogger().handlers[:]
    try:
        logs.configure("json")
        structlog.get_logger().info(
            "asked", url="http://x/?apikey=abc123&t=jaws", database="postgres://u:hunter2@h/m"
        )
        logging.getLogger("some.library").warning("password=hunter2 was sent")
    finally:
        structlog.configure(**before)
        logging.getLogger().handlers[:] = handlers
    lines = [json.loads(line) for line in io.StringIO(capsys.readouterr().err)]
    assert lines[0]["event"] == "asked"
    assert "t=jaws" in lines[0]["url"]
    for secret in ("abc123", "hunter2"):
        assert secret not in json.dumps(lines)
