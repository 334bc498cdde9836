"""Posters come from public hosts alone, in bounded time and size, however they are addressed."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from service.posters.errors import PosterMissing, PosterRejected, PosterUnavailable
from service.posters.fetcher import MAX_BYTES, PosterFetcher
from service.posters.ssrf_guard import NonPublicAddress, PublicResolver, is_public
from tests.support.poster_host import Host, running_host
from tests.support.sample_images import picture

GOOD = picture()


class Names:
    """A resolver of our own: what each name means, call after call, and who was asked for."""

    def __init__(self, **meanings: list[list[str]]) -> None:
        self.meanings = {name.replace("_", "."): list(said) for name, said in meanings.items()}
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        said = self.meanings.get(host)
        if not said:
            raise OSError(f"{host} is not known")
        return said.pop(0) if len(said) > 1 else said[0]


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with running_host() as running:
        running.pictures["good"] = GOOD
        yield running


@pytest.fixture
async def fetcher(host: Host) -> AsyncIterator[PosterFetcher]:
    async with PosterFetcher([host.pair]) as made:
        yield made


async def test_a_poster_is_fetched_whole(host: Host, fetcher: PosterFetcher) -> None:
    assert await fetcher.fetch(host.url("/picture/good")) == GOOD


async def test_the_host_learns_nothing_about_us(
    host: Host, fetcher: PosterFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    await fetcher.fetch(host.url("/picture/good"))
    sent = host.seen[-1].headers
    assert not {"Cookie", "Authorization", "Referer"} & set(sent)


@pytest.mark.fault("poster-missing")
@pytest.mark.parametrize("status", [404, 410, 403, 401, 451, 204, 400])
async def test_a_refusal_means_that_there_is_no_poster(
    host: Host, fetcher: PosterFetcher, status: int
) -> None:
    with pytest.raises(PosterMissing, match=str(status)):
        await fetcher.fetch(host.url(f"/status/{status}"))


@pytest.mark.fault("poster-missing")
@pytest.mark.parametrize("address", ["N/A", "n/a", "", "  "])
async def test_not_available_means_that_there_is_no_poster(
    fetcher: PosterFetcher, address: str
) -> None:
    with pytest.raises(PosterMissing):
        await fetcher.fetch(address)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 520, 408])
async def test_a_host_in_trouble_is_asked_again_later(
    host: Host, fetcher: PosterFetcher, status: int
) -> None:
    with pytest.raises(PosterUnavailable) as found:
        await fetcher.fetch(host.url(f"/status/{status}"))
    assert found.value.retry_after == (120.0 if status in (429, 503) else None)


@pytest.mark.fault("poster-not-an-image")
@pytest.mark.parametrize("path", ["/cut", "/broken"])
async def test_an_answer_that_breaks_off_is_asked_for_again(
    host: Host, fetcher: PosterFetcher, path: str
) -> None:
    with pytest.raises(PosterUnavailable):
        await fetcher.fetch(host.url(path))


async def test_a_host_that_is_not_there_is_asked_again_later() -> None:
    async with PosterFetcher(["127.0.0.1:1"]) as fetcher:
        with pytest.raises(PosterUnavailable):
            await fetcher.fetch("http://127.0.0.1:1/poster.jpg")


async def test_a_name_that_nobody_knows_is_asked_again_later() -> None:
    async with PosterFetcher(lookup=Names()) as fetcher:
        with pytest.raises(PosterUnavailable):
            await fetcher.fetch("https://posters.test/1.jpg")


@pytest.mark.fault("poster-body-too-large")
async def test_ten_megabytes_are_enough(host: Host, fetcher: PosterFetcher) -> None:
    assert len(await fetcher.fetch(host.url(f"/huge/{MAX_BYTES}"))) == MAX_BYTES
    with pytest.raises(PosterRejected, match="10 MB"):
        await fetcher.fetch(host.url(f"/huge/{MAX_BYTES + 1}"))


@pytest.mark.fault("poster-body-too-large")
async def test_a_body_that_unpacks_to_more_is_refused(host: Host, fetcher: PosterFetcher) -> None:
    assert await fetcher.fetch(host.url("/packed/1000")) == bytes(1000)
    with pytest.raises(PosterRejected, match="10 MB"):
        await fetcher.fetch(host.url(f"/packed/{2 * MAX_BYTES}"))


@pytest.mark.fault("poster-body-too-large")
async def test_an_endless_stream_ends_at_ten_megabytes(host: Host, fetcher: PosterFetcher) -> None:
    with pytest.raises(PosterRejected, match="10 MB"):
        await fetcher.fetch(host.url("/endless"))


@pytest.mark.fault("poster-body-too-large")
async def test_a_dripping_host_is_left_after_its_time(host: Host) -> None:
    async with PosterFetcher([host.pair], timeout=0.3) as fetcher:
        with pytest.raises(PosterUnavailable, match=r"longer than 0\.3 seconds"):
            await fetcher.fetch(host.url("/drip"))


@pytest.mark.fault("poster-address-private")
async def test_three_redirects_are_followed_and_no_more(host: Host, fetcher: PosterFetcher) -> None:
    assert await fetcher.fetch(host.url("/steps/2")) == GOOD
    with pytest.raises(PosterRejected, match="redirects"):
        await fetcher.fetch(host.url("/steps/3"))
    with pytest.raises(PosterRejected, match="redirects"):
        await fetcher.fetch(host.url("/round/1"))


ELSEWHERE = [
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
@pytest.mark.parametrize("address", ELSEWHERE)
async def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    async with PosterFetcher() as fetcher:
        with pytest.raises(PosterRejected):
            await fetcher.fetch(address)


@pytest.mark.fault("poster-address-private")
@pytest.mark.parametrize(
    "address", [a for a in ELSEWHERE if not a.startswith(("http:///", "poster"))]
)
async def test_a_redirect_to_what_is_not_public_is_refused(
    host: Host, fetcher: PosterFetcher, address: str
) -> None:
    with pytest.raises(PosterRejected):
        await fetcher.fetch(host.url("/to?at=") + quote(address, safe=""))
    assert len(host.seen) == 1


async def test_a_redirect_to_nowhere_is_refused(host: Host, fetcher: PosterFetcher) -> None:
    with pytest.raises(PosterRejected):
        await fetcher.fetch(host.url("/nowhere"))


@pytest.mark.fault("poster-address-private")
@pytest.mark.parametrize(
    "meaning", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["2606:2800::1", "::1"]]
)
async def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(
    meaning: list[str],
) -> None:
    async with PosterFetcher(lookup=Names(posters_test=[meaning])) as fetcher:
        with pytest.raises(PosterRejected, match="public host"):
            await fetcher.fetch("http://posters.test/1.jpg")


@pytest.mark.fault("poster-address-private")
async def test_a_name_is_looked_up_once_and_only_that_answer_is_used() -> None:
    names = Names(rebind_test=[["93.184.215.14"], ["127.0.0.1"]])
    resolver = PublicResolver((), names)
    first = await resolver.resolve("rebind.test", 80)
    assert [entry["host"] for entry in first] == ["93.184.215.14"]
    with pytest.raises(NonPublicAddress):
        await resolver.resolve("rebind.test", 80)


@pytest.mark.fault("poster-address-private")
async def test_the_connection_goes_to_the_address_that_was_checked(host: Host) -> None:
    """The name leads here the first time, and to a closed port of another address after."""
    names = Names(posters_test=[["127.0.0.1"], ["127.0.0.2"]])
    async with PosterFetcher([f"posters.test:{host.port}"], names) as fetcher:
        found = await fetcher.fetch(f"http://posters.test:{host.port}/picture/good")
    assert found == GOOD
    assert names.asked == [("posters.test", host.port)]
    assert host.seen[-1].headers["Host"] == f"posters.test:{host.port}"


async def test_the_exception_holds_for_that_host_and_port_alone(host: Host) -> None:
    names = Names(posters_test=[["127.0.0.1"]], other_test=[["127.0.0.1"]])
    async with PosterFetcher([f"Posters.test:{host.port}"], names) as fetcher:
        assert await fetcher.fetch(f"http://POSTERS.test:{host.port}/picture/good") == GOOD
        for address in (f"http://other.test:{host.port}/", "http://posters.test/"):
            with pytest.raises(PosterRejected):
                await fetcher.fetch(address)
    assert len(host.seen) == 1


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_what_is_no_address_is_not_public() -> None:
    assert not is_public("posters.test")
