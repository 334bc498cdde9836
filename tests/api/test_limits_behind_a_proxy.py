"""Rate limits per network, behind one trusted proxy, and who counts as local without a token.

Each test takes networks of its own. The service counts by itself; that processes count together in
Redis is tested with the rate limiter.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from tests.api.test_idempotency import new_account
from tests.support import service_runner
from tests.support.api_accounts import create_key, create_user, request_with_key
from tests.support.service_runner import ApiClient, Response, Service

REGISTER = "/api/v1/auth/register"
LIMITS = (
    "register=2/hour,lookup=2/hour,search=3/hour,batch=1/hour,match=1/hour,login=2/hour,"
    "link=2/hour,account=2/hour,key=4/hour"
)


def random_ipv4() -> str:
    return f"10.{'.'.join(str(byte) for byte in secrets.token_bytes(3))}"


def random_network() -> str:
    """Return a random /64 of IPv6, without its colons at the end."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"


@pytest.fixture(scope="module")
async def proxied(service: Service) -> AsyncIterator[Service]:
    """Yield a second service on the same database, which trusts one proxy."""
    settings = {
        **service.environment,
        "CACHE_URL": "memory://",  # Redis gets 50 ms for a count, which a busy machine may exceed
        "INDEXER": "external",
        "TRUSTED_PROXIES": "1",
        "RATE_LIMITS": LIMITS,
        "METRICS_TOKEN": "",
    }
    async with service_runner.open_in_thread(service_runner.run_service(settings)) as other:
        yield other


@pytest.fixture
async def api(proxied: Service) -> AsyncIterator[ApiClient]:
    async with ApiClient.connect(proxied) as client:
        yield client


async def send(
    api: ApiClient, address: str, method: str, path: str, body: object = None
) -> Response:
    headers = {"X-Forwarded-For": address}
    return await api.request(method, path, json=body, headers=headers)


def assert_limited(response: Response, name: str, code: str = "too_many_requests") -> None:
    assert (response.status, response.json["code"]) == (429, code)
    assert_limit_headers(response, name)


def assert_limit_headers(response: Response, name: str) -> None:
    assert response.headers["RateLimit-Policy"].startswith(f'"{name}";q=')
    assert response.headers["RateLimit"].startswith(f'"{name}";r=0;t=')
    assert 1 <= int(response.headers["Retry-After"]) <= 3600


@pytest.mark.parametrize(
    ("name", "method", "path", "body", "amount"),
    [
        ("search", "GET", "/api/v1/search?q=jaws", None, 3),
        ("search", "GET", "/api/v1/suggest?q=jaws", None, 3),
        ("batch", "POST", "/api/v1/search/batch", {"searches": [{"q": "jaws"}]}, 1),
        ("match", "POST", "/api/v1/match", {"items": ["Jaws.1975.mkv"]}, 1),
        ("login", "POST", "/api/v1/auth/login", {"username": "nobody", "password": "x" * 8}, 2),
        ("register", "POST", REGISTER, None, 2),
        ("account", "PATCH", "/api/v1/me", {"email": ""}, 2),
        ("account", "POST", "/api/v1/auth/password", {"new_password": ""}, 2),
    ],
)
async def test_each_class_is_limited_per_network_and_says_what_is_left(
    api: ApiClient, name: str, method: str, path: str, body: object, amount: int
) -> None:
    address = random_ipv4()
    for left in reversed(range(amount)):
        response = await send(api, address, method, path, body or new_account())
        assert response.status in (200, 201, 401), response.json
        assert response.headers["RateLimit-Policy"] == f'"{name}";q={amount};w=3600'
        assert response.headers["RateLimit"].startswith(f'"{name}";r={left};t=')
    assert_limited(await send(api, address, method, path, body or new_account()), name)
    other = await send(api, random_ipv4(), method, path, body or new_account())
    assert other.status in (200, 201, 401)


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
async def test_the_plain_forms_are_limited_like_the_routes_of_the_api_and_show_a_page(
    api: ApiClient, path: str
) -> None:
    headers = {"X-Forwarded-For": random_ipv4(), "Accept-Language": "de"}
    for _ in range(2):
        response = await api.request("POST", path, data={"token": "x"}, headers=headers)
        assert response.status == 422
    refused = await api.request("POST", path, data={"token": "x"}, headers=headers)
    assert (refused.status, refused.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert "Zu viele Anfragen. Bitte warten Sie eine Weile." in refused.body.decode()
    assert_limit_headers(refused, "link")
    of_api = await api.request(
        "POST", "/api/v1/auth/verify-email", json={"token": "x"}, headers=headers
    )
    assert_limited(of_api, "link")


async def test_searches_and_suggestions_are_counted_together(api: ApiClient) -> None:
    address = random_ipv4()
    for path in ("search", "suggest", "search"):
        assert (await send(api, address, "GET", f"/api/v1/{path}?q=jaws")).status == 200
    assert_limited(await send(api, address, "GET", "/api/v1/suggest?q=jaws"), "search")


async def test_an_ipv6_client_is_counted_by_its_64_in_every_notation(api: ApiClient) -> None:
    network = random_network()
    hosts = (f"{network}::1", f"[{network}:0:0:ffff:2]", f"[{network}::3]:443")
    responses = [await send(api, host, "POST", REGISTER, new_account()) for host in hosts]
    assert [response.status for response in responses] == [201, 201, 429]
    neighbour = await send(api, f"{random_network()}::1", "POST", REGISTER, new_account())
    assert neighbour.status == 201


async def test_an_ipv4_client_is_counted_alike_with_a_port_and_in_ipv6_form(api: ApiClient) -> None:
    address = random_ipv4()
    hosts = (address, f"{address}:5123", f"::ffff:{address}")
    responses = [await send(api, host, "POST", REGISTER, new_account()) for host in hosts]
    assert [response.status for response in responses] == [201, 201, 429]


async def test_a_client_cannot_choose_its_address_with_a_header_of_its_own(api: ApiClient) -> None:
    address = random_ipv4()
    forged = [f"{random_ipv4()}, {address}" for _ in range(3)]
    responses = [await send(api, chain, "POST", REGISTER, new_account()) for chain in forged]
    assert [response.status for response in responses] == [201, 201, 429]


async def test_look_ups_that_need_omdb_are_limited_and_known_films_are_not(api: ApiClient) -> None:
    address = random_ipv4()
    unknown = [f"/api/v1/movies/no%20film%20{secrets.token_hex(8)}" for _ in range(3)]
    for left, path in zip((1, 0), unknown, strict=False):
        response = await send(api, address, "GET", path)
        assert response.status == 404
        assert response.headers["RateLimit"].startswith(f'"lookup";r={left};t=')
    assert_limited(await send(api, address, "GET", unknown[2]), "lookup", "too_many_lookups")
    stored = await send(api, address, "GET", "/api/v1/movies/tt0073195")
    assert (stored.status, "RateLimit" in stored.headers) == (200, False)
    assert (await send(api, random_ipv4(), "GET", unknown[2])).status == 404


async def test_a_client_is_not_refused_for_anothers_limit_on_the_same_film(api: ApiClient) -> None:
    limited = random_ipv4()
    for _ in range(3):
        path = f"/api/v1/movies/no%20film%20{secrets.token_hex(8)}"
        last = await send(api, limited, "GET", path)
    assert last.status == 429
    for _ in range(10):
        path = f"/api/v1/movies/no%20film%20{secrets.token_hex(8)}"
        responses = await asyncio.gather(
            *(send(api, limited, "GET", path) for _ in range(5)),
            send(api, random_ipv4(), "GET", path),
        )
        assert responses[-1].status == 404


async def test_a_direct_client_on_this_machine_is_not_limited(api: ApiClient) -> None:
    for _ in range(4):
        response = await api.get("/api/v1/search?q=jaws")
        assert (response.status, "RateLimit" in response.headers) == (200, False)


FOREIGN_HEADERS = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": "203.0.113.9"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Proto": "https"},
    {"Via": "1.1 proxy"},
    {"Host": "rebound.test"},
    {"Host": "127.0.0.1.rebound.test"},
    {"Host": "localhost.rebound.test:8000"},
    {"Host": ""},
]


@pytest.mark.parametrize("host", [None, "localhost", "LOCALHOST:8000", "127.1.2.3", "[::1]:8000"])
async def test_without_a_token_metrics_and_details_are_open_on_this_machine(
    api: ApiClient, host: str | None
) -> None:
    headers = {} if host is None else {"Host": host}
    assert (await api.get("/metrics", headers=headers)).status == 200
    parts = (await api.get("/health/ready", headers=headers)).json["parts"]
    assert parts["database"]["detail"] is not None


@pytest.mark.parametrize("headers", FOREIGN_HEADERS)
async def test_without_a_token_strangers_get_no_metrics_and_states_only(
    api: ApiClient, headers: dict[str, str]
) -> None:
    for token in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        refused = await api.get("/metrics", headers={**headers, **token})
        assert (refused.status, refused.json["code"]) == (403, "metrics_closed")
        parts = (await api.get("/health/ready", headers={**headers, **token})).json["parts"]
        assert {part["detail"] for part in parts.values()} == {None}
        assert {part["took_ms"] for part in parts.values()} == {None}


@pytest.mark.parametrize("headers", FOREIGN_HEADERS[:7])
async def test_a_forwarded_request_is_never_one_of_a_direct_local_client(
    api: ApiClient, headers: dict[str, str]
) -> None:
    response = await api.get("/api/v1/search?q=jaws", headers=headers)
    assert response.status in (200, 429) and "RateLimit" in response.headers


async def test_a_key_has_a_limit_of_its_own_whatever_the_network(api: ApiClient) -> None:
    user = await create_user(api)
    keys = [(await create_key(api, user.token, "read"))["key"] for _ in range(2)]
    for left in reversed(range(4)):
        headers = {"X-Forwarded-For": random_ipv4()}
        response = await request_with_key(api, keys[0], "GET", "/api/v1/me", headers=headers)
        assert response.status == 200
        assert response.headers["RateLimit"].startswith(f'"key";r={left};t=')
    assert_limited(await request_with_key(api, keys[0], "GET", "/api/v1/me"), "key")
    assert (await request_with_key(api, keys[1], "GET", "/api/v1/me")).status == 200


async def test_searches_with_keys_are_counted_by_account_and_not_by_network(
    api: ApiClient,
) -> None:
    user, other = await create_user(api), await create_user(api)
    keys = [(await create_key(api, user.token, "read"))["key"] for _ in range(2)]
    search, headers = "/api/v1/search?q=jaws", {"X-Forwarded-For": random_ipv4()}
    for key, left in zip((*keys, keys[0]), (2, 1, 0), strict=True):
        response = await request_with_key(api, key, "GET", search, headers=headers)
        assert response.status == 200
        names = [part.split(";")[0] for part in response.headers["RateLimit"].split(", ")]
        assert names == ['"key"', '"search"']
        assert f'"search";r={left};' in response.headers["RateLimit"]
    refused = await request_with_key(api, keys[1], "GET", search, headers=headers)
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    others_key = (await create_key(api, other.token, "read"))["key"]
    assert (await request_with_key(api, others_key, "GET", search, headers=headers)).status == 200
    assert (await api.get(search, headers=headers)).status == 200, "the network has its own count"
