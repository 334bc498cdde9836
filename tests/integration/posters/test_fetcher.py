"""Posters come from public hosts alone, in limited time and size, whatever the address."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from service.posters.errors import PosterMissing, PosterRejected, PosterUnavailable
from service.posters.fetcher import MAX_BYTES, PosterFetcher
from service.posters.ssrf_guard import NonPublicAddress, PublicResolver
from tests.support.poster_host import PosterHost, run_poster_host
from tests.support.sample_images import create_image

GOOD = create_image()


class FakeAddressLookup:
    """The addresses of each name, call after call; `calls` lists the names looked up.

    An underscore in a keyword stands for a dot.
    """

    def __init__(self, **results: list[list[str]]) -> None:
        self.results = {name.replace("_", "."): list(lists) for name, lists in results.items()}
        self.calls: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.calls.append((host, port))
        results = self.results.get(host)
        if not results:
            raise OSError(f"{host} is unknown")
        return results.pop(0) if len(results) > 1 else results[0]


@pytest.fixture
async def host() -> AsyncIterator[PosterHost]:
    async with run_poster_host() as host:
        host.images["good"] = GOOD
        yield host


@pytest.fixture
async def fetcher(host: PosterHost) -> AsyncIterator[PosterFetcher]:
    async with PosterFetcher([host.host_and_port]) as fetcher:
        yield fetcher


async def test_a_poster_is_fetched_whole(host: PosterHost, fetcher: PosterFetcher) -> None:
    assert await fetcher.fetch(host.url("/picture/good")) == GOOD


async def test_a_request_reveals_nothing_and_ignores_proxies(
    host: PosterHost, fetcher: PosterFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    await fetcher.fetch(host.url("/picture/good"))
    headers = host.requests[-1].headers
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


@pytest.mark.fault("poster-missing")
@pytest.mark.parametrize("status", [404, 410, 403, 401, 451, 204, 400])
async def test_a_client_error_means_that_the_poster_is_missing(
    host: PosterHost, fetcher: PosterFetcher, status: int
) -> None:
    with pytest.raises(PosterMissing, match=str(status)):
        await fetcher.fetch(host.url(f"/status/{status}"))


@pytest.mark.fault("poster-missing")
@pytest.mark.parametrize("source", ["N/A", "n/a", "", "  "])
async def test_na_means_that_the_poster_is_missing(fetcher: PosterFetcher, source: str) -> None:
    with pytest.raises(PosterMissing):
        await fetcher.fetch(source)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 520, 408])
async def test_a_host_that_fails_is_temporarily_unavailable(
    host: PosterHost, fetcher: PosterFetcher, status: int
) -> None:
    with pytest.raises(PosterUnavailable) as error:
        await fetcher.fetch(host.url(f"/status/{status}"))
    assert error.value.retry_after == (120.0 if status in (429, 503) else None)


@pytest.mark.fault("poster-not-an-image")
@pytest.mark.parametrize("path", ["/cut", "/broken"])
async def test_an_interrupted_reply_is_temporarily_unavailable(
    host: PosterHost, fetcher: PosterFetcher, path: str
) -> None:
    with pytest.raises(PosterUnavailable):
        await fetcher.fetch(host.url(path))


async def test_a_closed_port_is_temporarily_unavailable() -> None:
    async with PosterFetcher(["127.0.0.1:1"]) as fetcher:
        with pytest.raises(PosterUnavailable):
            await fetcher.fetch("http://127.0.0.1:1/poster.jpg")


async def test_an_unknown_name_is_temporarily_unavailable() -> None:
    async with PosterFetcher(lookup=FakeAddressLookup()) as fetcher:
        with pytest.raises(PosterUnavailable):
            await fetcher.fetch("https://posters.test/1.jpg")


@pytest.mark.fault("poster-body-too-large")
async def test_ten_megabytes_are_accepted_and_no_more(
    host: PosterHost, fetcher: PosterFetcher
) -> None:
    assert len(await fetcher.fetch(host.url(f"/huge/{MAX_BYTES}"))) == MAX_BYTES
    with pytest.raises(PosterRejected, match="10 MB"):
        await fetcher.fetch(host.url(f"/huge/{MAX_BYTES + 1}"))


@pytest.mark.fault("poster-body-too-large")
async def test_a_body_that_unpacks_to_more_is_rejected(
    host: PosterHost, fetcher: PosterFetcher
) -> None:
    assert await fetcher.fetch(host.url("/packed/1000")) == bytes(1000)
    with pytest.raises(PosterRejected, match="10 MB"):
        await fetcher.fetch(host.url(f"/packed/{2 * MAX_BYTES}"))


@pytest.mark.fault("poster-body-too-large")
async def test_an_endless_stream_is_cut_off_at_ten_megabytes(
    host: PosterHost, fetcher: PosterFetcher
) -> None:
    with pytest.raises(PosterRejected, match="10 MB"):
        await fetcher.fetch(host.url("/endless"))


@pytest.mark.fault("poster-body-too-large")
async def test_a_dripping_host_is_given_up_after_the_timeout(host: PosterHost) -> None:
    async with PosterFetcher([host.host_and_port], timeout=0.3) as fetcher:
        with pytest.raises(PosterUnavailable, match=r"longer than 0\.3 seconds"):
            await fetcher.fetch(host.url("/drip"))


@pytest.mark.fault("poster-address-private")
async def test_three_redirects_are_followed_and_no_more(
    host: PosterHost, fetcher: PosterFetcher
) -> None:
    assert await fetcher.fetch(host.url("/steps/2")) == GOOD
    with pytest.raises(PosterRejected, match="redirects"):
        await fetcher.fetch(host.url("/steps/3"))
    with pytest.raises(PosterRejected, match="redirects"):
        await fetcher.fetch(host.url("/round/1"))


UNACCEPTABLE_ADDRESSES = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://10.0.0.8/poster.jpg",
    "http://172.16.9.9/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0.0.0.0/",
    "http://0/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[2002:7f00:0001::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2001:0:7f00:1::1]/",
    "http://[2001:db8::1]/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "//127.0.0.1/",
    "http://posters.test:8080/",
    "http://posters.test:22/",
    "http://127.0.0.1:6379/",
    "file:///etc/passwd",
    "ftp://posters.test/1.jpg",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "data:image/png;base64,AAAA",
    "http://user:secret@posters.test/",
    "http://posters.test@127.0.0.1/",
    "http://posters.test\\@127.0.0.1/",
    "http://[::1",
    "http://posters.test:99999/",
    "http:///etc/passwd",
    "http://" + "a" * 300 + "/",
    "javascript:alert(1)",
    "poster.jpg",
]


@pytest.mark.fault("poster-address-private")
@pytest.mark.parametrize("address", UNACCEPTABLE_ADDRESSES)
async def test_an_address_that_is_not_public_is_rejected(address: str) -> None:
    async with PosterFetcher() as fetcher:
        with pytest.raises(PosterRejected):
            await fetcher.fetch(address)


@pytest.mark.fault("poster-address-private")
@pytest.mark.parametrize(
    "address", [a for a in UNACCEPTABLE_ADDRESSES if not a.startswith(("http:///", "poster"))]
)
async def test_a_redirect_to_an_address_that_is_not_public_is_rejected(
    host: PosterHost, fetcher: PosterFetcher, address: str
) -> None:
    with pytest.raises(PosterRejected):
        await fetcher.fetch(host.url("/to?at=") + quote(address, safe=""))
    assert len(host.requests) == 1


async def test_a_redirect_without_a_location_is_rejected(
    host: PosterHost, fetcher: PosterFetcher
) -> None:
    with pytest.raises(PosterRejected):
        await fetcher.fetch(host.url("/nowhere"))


@pytest.mark.fault("poster-address-private")
@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["2606:2800::1", "::1"]]
)
async def test_a_name_is_rejected_if_any_of_its_addresses_is_not_public(
    addresses: list[str],
) -> None:
    async with PosterFetcher(lookup=FakeAddressLookup(posters_test=[addresses])) as fetcher:
        with pytest.raises(PosterRejected, match="public host"):
            await fetcher.fetch("http://posters.test/1.jpg")


@pytest.mark.fault("poster-address-private")
async def test_a_name_is_resolved_once_and_only_that_result_is_used() -> None:
    lookup = FakeAddressLookup(rebind_test=[["93.184.215.14"], ["127.0.0.1"]])
    resolver = PublicResolver((), lookup)
    first = await resolver.resolve("rebind.test", 80)
    assert [entry["host"] for entry in first] == ["93.184.215.14"]
    with pytest.raises(NonPublicAddress):
        await resolver.resolve("rebind.test", 80)


@pytest.mark.fault("poster-address-private")
async def test_the_connection_goes_to_the_address_that_was_checked(host: PosterHost) -> None:
    """The name resolves to this host first, and to a closed port of another address later."""
    lookup = FakeAddressLookup(posters_test=[["127.0.0.1"], ["127.0.0.2"]])
    async with PosterFetcher([f"posters.test:{host.port}"], lookup) as fetcher:
        data = await fetcher.fetch(f"http://posters.test:{host.port}/picture/good")
    assert data == GOOD
    assert lookup.calls == [("posters.test", host.port)]
    assert host.requests[-1].headers["Host"] == f"posters.test:{host.port}"


async def test_an_allowed_host_is_allowed_on_that_port_alone(host: PosterHost) -> None:
    lookup = FakeAddressLookup(posters_test=[["127.0.0.1"]], other_test=[["127.0.0.1"]])
    async with PosterFetcher([f"Posters.test:{host.port}"], lookup) as fetcher:
        assert await fetcher.fetch(f"http://POSTERS.test:{host.port}/picture/good") == GOOD
        for address in (f"http://other.test:{host.port}/", "http://posters.test/"):
            with pytest.raises(PosterRejected):
                await fetcher.fetch(address)
    assert len(host.requests) == 1
