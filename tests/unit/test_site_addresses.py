"""The address under which the page says that it is reached, in the search description."""

import re
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from sanic import Sanic

from service.http.middleware import IdentifiedRequest
from service.settings import Settings
from service.site import api as site


async def read_base_url(settings: Settings, headers: Mapping[str, str]) -> str:
    """Return the address in the search description that an app with `settings` answers."""
    app: Sanic = Sanic("site-of-tests", request_class=IdentifiedRequest, configure_logging=False)
    app.blueprint(site.bp)
    app.ctx.container = SimpleNamespace(settings=settings)
    if settings.trusted_proxies:
        app.config.PROXIES_COUNT = settings.trusted_proxies
    _, response = await app.asgi_client.get("/opensearch.xml", headers=dict(headers))
    match = re.search(r'template="([^"]*)/\?q=', response.text)
    assert match, response.text
    return match[1]


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sanic, "_app_registry", {})


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}


async def test_without_a_setting_it_is_the_host_of_the_request() -> None:
    assert await read_base_url(Settings(), {"Host": "a.example:81"}) == "http://a.example:81"


async def test_the_scheme_of_a_proxy_counts_only_if_the_proxy_is_trusted() -> None:
    headers = {"Host": "a.example", **FORWARDED}
    assert await read_base_url(Settings(), headers) == "http://a.example"
    assert await read_base_url(Settings(trusted_proxies=1), headers) == "https://a.example"


async def test_the_setting_takes_precedence_over_every_header() -> None:
    settings = Settings(public_url="https://films.example", trusted_proxies=1)
    headers = {"Host": "a.example", "X-Forwarded-Host": "b.example", **FORWARDED}
    assert await read_base_url(settings, headers) == "https://films.example"


@pytest.mark.parametrize(
    "more",
    [
        {"X-Forwarded-Host": "b.example"},
        {"X-Forwarded-Port": "81"},
        {"X-Forwarded-Path": "/b"},
        {"X-Scheme": "ftp"},
        {"Forwarded": "for=192.0.2.1;host=b.example;proto=ftp"},
    ],
)
async def test_a_trusted_proxy_is_not_believed_on_anything_but_address_and_scheme(
    more: dict[str, str],
) -> None:
    headers = {"Host": "a.example", **FORWARDED, **more}
    assert await read_base_url(Settings(trusted_proxies=1), headers) == "https://a.example"


@pytest.mark.parametrize("scheme", ["javascript", "https, http", "wss", 'http"><', ""])
async def test_a_forwarded_scheme_other_than_http_and_https_is_ignored(scheme: str) -> None:
    headers = {"Host": "a.example", **FORWARDED, "X-Forwarded-Proto": scheme}
    assert await read_base_url(Settings(trusted_proxies=1), headers) == "http://a.example"
    headers["X-Scheme"] = "https"
    assert await read_base_url(Settings(trusted_proxies=1), headers) == "http://a.example"


@pytest.mark.parametrize("host", ['a"><b', "a b", "a/b", "user@a.example"])
async def test_a_host_that_is_none_is_left_out(host: str) -> None:
    assert await read_base_url(Settings(), {"Host": host}) == ""
