"""What all routes share, on a small app under sanic-testing."""

import gzip
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic_testing.reusable import ReusableClient

from service.errors import FieldError, Invalid, Misconfigured, TooMany, Unavailable
from service.http import middleware, problems
from service.http.compression import choose_encoding
from service.http.pagination import Links, PageQuery
from service.http.requests import read_query
from service.http.responses import conditional_response, json_response
from service.observability import logging as service_logging
from service.observability.metrics import render_metrics
from service.search.requests import SearchQuery


@pytest.fixture(scope="module")
def client() -> Iterator[ReusableClient]:
    app: Sanic = Sanic(
        "routes", request_class=middleware.IdentifiedRequest, configure_logging=False
    )
    problems.install(app)
    middleware.install(app, ())
    errors = {
        "wrong": Invalid("Invalid: x.", errors=(FieldError("/x", "is wrong"),)),
        "later": TooMany("Too many.", retry_after=7.4),
        "away": Unavailable("Away.", code="x_unavailable", retry_after=0.2),
        "key": Misconfigured("A bad key."),
        "bug": ZeroDivisionError("a secret detail"),
        "database": ConnectionRefusedError("host db.internal refused"),
    }

    @app.get("/fail/<name:str>")
    async def fail(request: Request, name: str) -> HTTPResponse:
        raise errors[name]

    @app.get("/page")
    async def page(request: Request) -> HTTPResponse:
        return json_response(read_query(request, PageQuery))

    @app.get("/tagged")
    async def tagged(request: Request) -> HTTPResponse:
        return conditional_response(request, {"a": 1}, "7")

    @app.get("/text/<size:int>")
    async def text(request: Request, size: int) -> HTTPResponse:
        return conditional_response(request, b"a" * size, "7", media_type="text/plain")

    @app.get("/image")
    async def image(request: Request) -> HTTPResponse:
        return conditional_response(request, b"a" * 5_000, "7", media_type="image/jpeg")

    client = ReusableClient(app)
    with client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "code", "retry_after"),
    [
        ("wrong", 422, "invalid", None),
        ("later", 429, "too_many_requests", "7"),
        ("away", 503, "x_unavailable", "1"),
        ("key", 503, "misconfigured", None),
        ("bug", 500, "internal_error", None),
        ("database", 503, "database_unavailable", "2"),
    ],
)
def test_every_error_becomes_a_problem_document(
    client: ReusableClient, name: str, status: int, code: str, retry_after: str | None
) -> None:
    _, response = client.get(f"/fail/{name}")
    assert response.status == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.get("retry-after") == retry_after
    problem = response.json
    assert (problem["status"], problem["code"], problem["instance"]) == (
        status,
        code,
        f"/fail/{name}",
    )
    assert problem["request_id"] == response.headers["x-request-id"]
    for secret in ("a secret detail", "db.internal", "Traceback"):
        assert secret not in response.text


def test_a_page_beyond_the_limits_or_an_unknown_parameter_is_an_error_that_names_it(
    client: ReusableClient,
) -> None:
    assert client.get("/page?limit=100&offset=900")[1].json == {"limit": 100, "offset": 900}
    for query, pointer in (("limit=101", "limit"), ("offset=990", "offset"), ("page=2", "page")):
        problem = client.get(f"/page?{query}")[1].json
        assert (problem["status"], problem["errors"][0]["pointer"]) == (422, pointer)
    many = "&".join(f"x{n}=1" for n in range(200))
    assert client.get(f"/page?{many}")[1].json["code"] == "malformed_query"


@pytest.mark.parametrize(
    ("if_none_match", "status"),
    [
        ('"7"', 304),
        ('"7-gz"', 304),
        ('"7-br"', 304),
        ('W/"7-zst"', 304),
        ('W/"7"', 304),
        ("*", 304),
        ('"6", "7"', 304),
        ('"6,7",,"7"', 304),
        ('"6"', 200),
        ('"6,7"', 200),
        ('"7-xz"', 200),
        ("7", 400),
        ('"7', 400),
        ('"6" "7"', 400),
    ],
)
def test_a_response_that_the_client_has_is_not_sent_again(
    client: ReusableClient, if_none_match: str, status: int
) -> None:
    assert client.get("/tagged", headers={"If-None-Match": if_none_match})[1].status == status


def test_an_unknown_method_is_counted_as_other(client: ReusableClient) -> None:
    for method in ("BREW", "GET"):
        assert client.request("/page", http_method=method)[1].headers["x-request-id"]
    metrics = render_metrics().decode()
    assert 'method="GET"' in metrics and 'method="other"' in metrics and "BREW" not in metrics


def test_links_keep_all_parameters_but_after() -> None:
    query = SearchQuery.model_validate({"q": "jaws", "year": 1975, "after": "1.7"})
    links = Links.for_page("/search", query, 0, "token")
    assert links.next == "/search?year=1975&q=jaws&cursor=token"


def test_log_lines_are_json_with_fields_and_no_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = structlog.get_config()
    handlers = logging.getLogger().handlers[:]
    try:
        service_logging.configure("json")
        structlog.get_logger().info(
            "requested", url="http://x/?apikey=abc123&t=jaws", database="postgres://u:hunter2@h/m"
        )
        logging.getLogger("some.library").warning("password=hunter2 was sent")
        logging.getLogger("some.library").warning("X-API-Key: mvk_%s was sent", "Ab3" * 14 + "Z")
    finally:
        structlog.configure(**config)
        logging.getLogger().handlers[:] = handlers
    lines = [json.loads(line) for line in io.StringIO(capsys.readouterr().err)]
    assert lines[0]["event"] == "requested"
    assert "t=jaws" in lines[0]["url"]
    assert "mvk_*** was sent" in lines[2]["event"]
    for secret in ("abc123", "hunter2", "Ab3Ab3"):
        assert secret not in json.dumps(lines)


@pytest.mark.parametrize(
    ("accept", "encoding", "etag"),
    [
        ("gzip", "gzip", '"7-gz"'),
        ("br", "br", '"7-br"'),
        ("zstd", "zstd", '"7-zst"'),
        ("gzip, br, zstd", "zstd", '"7-zst"'),
        ("gzip;q=1.0, br;q=0.5", "gzip", '"7-gz"'),
        ("*", "zstd", '"7-zst"'),
        ("GZIP", "gzip", '"7-gz"'),
        ("gzip;q=0", None, '"7"'),
        ("gzip;q=x", None, '"7"'),
        ("identity", None, '"7"'),
        ("", None, '"7"'),
    ],
)
def test_text_is_compressed_as_the_client_accepts(
    client: ReusableClient, accept: str, encoding: str | None, etag: str
) -> None:
    for library in ("brotli", "zstandard"):
        pytest.importorskip(library)
    _, response = client.get("/text/5000", headers={"Accept-Encoding": accept})
    assert response.headers.get("content-encoding") == encoding
    assert (response.headers["etag"], response.headers["vary"]) == (etag, "Accept-Encoding")
    assert (int(response.headers["content-length"]) < 5_000) == (encoding is not None)
    _, again = client.get("/text/5000", headers={"Accept-Encoding": accept, "If-None-Match": etag})
    assert (again.status, again.headers["etag"]) == (304, etag)
    assert again.headers["vary"] == "Accept-Encoding" and "content-type" not in again.headers


@pytest.mark.parametrize("path", ["/text/999", "/image"])
def test_short_texts_and_images_are_not_compressed(client: ReusableClient, path: str) -> None:
    _, response = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in response.headers
    assert response.headers["etag"] == '"7"'


@pytest.mark.parametrize("name", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("size", [1_000, 200_000])
def test_a_compressed_text_is_the_same_text(name: str, size: int) -> None:
    decompress: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress}
    if name == "br":
        decompress["br"] = pytest.importorskip("brotli").decompress
    if name == "zstd":
        decompress["zstd"] = pytest.importorskip("zstandard").ZstdDecompressor().decompress
    encoding = choose_encoding(name)
    assert encoding is not None
    text = b"The Godfather " * size
    assert decompress[name](encoding.compress(text)) == text
