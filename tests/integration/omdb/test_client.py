"""The client of OMDb: every known reply and fault, and the facts or error it becomes."""

import asyncio
import time
import traceback

import aiohttp
import pytest
from structlog.testing import capture_logs

from service.errors import BadUpstream, DomainError, Invalid, Misconfigured, NotFound, Unavailable
from service.limits import OMDB_BREAKER_RESET, OMDB_BREAKER_THRESHOLD, OMDB_KEY_REJECTED_RESET
from service.omdb.client import OmdbClient
from service.omdb.quota import OmdbQuota
from tests.integration.omdb.conftest import PatientClient
from tests.support.clock import FakeClock
from tests.support.omdb_server import STATUS_FAULTS, FakeOmdb

MATRIX = "tt0133093"


async def test_a_film_is_fetched_by_its_id(client: OmdbClient) -> None:
    facts = await client.fetch_by_id(MATRIX)
    assert (facts.title, facts.year, facts.runtime_minutes) == ("The Matrix", 1999, 136)


async def test_a_film_is_fetched_by_its_title_year_and_type(
    client: OmdbClient, omdb: FakeOmdb
) -> None:
    assert (await client.fetch_by_title("dune", 1984)).imdb_id == "tt0087182"
    assert (await client.fetch_by_title("breaking bad", type="series")).imdb_id == "tt0903747"
    first, second = omdb.calls
    assert (first["t"], first["y"], second["type"]) == ("dune", "1984", "series")


@pytest.mark.parametrize("title", ["x&i=tt0133093", "50% + a=b#c?d", "ÿ/../é 日本", "a\\b\"c'd"])
async def test_a_title_with_special_characters_is_sent_as_one_parameter(
    client: OmdbClient, omdb: FakeOmdb, title: str
) -> None:
    with pytest.raises(NotFound):
        await client.fetch_by_title(title)
    [params] = omdb.calls
    assert params["t"] == title
    assert "i" not in params


MESSAGES = [
    ("No API key provided.", Misconfigured, "omdb_key_invalid"),
    ("Invalid API key!", Misconfigured, "omdb_key_invalid"),
    ("Request limit reached!", Unavailable, "omdb_quota_exhausted"),
    ("Daily request limit reached!", Unavailable, "omdb_quota_exhausted"),
    ("Movie not found!", NotFound, "movie_not_found"),
    ("Series not found!", NotFound, "movie_not_found"),
    ("Series or season not found!", NotFound, "movie_not_found"),
    ("Series or episode not found!", NotFound, "movie_not_found"),
    ("Incorrect IMDb ID.", Invalid, "title_not_understood"),
    ("Too many results.", Invalid, "title_too_vague"),
    ("Something went wrong.", Invalid, "title_not_understood"),
    ("Error getting data.", Unavailable, "omdb_unavailable"),
    (
        "Conversion from string \"x\" to type 'Double' is not valid.",
        Invalid,
        "title_not_understood",
    ),
    ("Error converting data type varchar to int.", Invalid, "title_not_understood"),
    (
        "Syntax error near 'a' in the full-text search condition 'a'.",
        Invalid,
        "title_not_understood",
    ),
    ("An unknown message.", Unavailable, "omdb_unavailable"),
]


@pytest.mark.fault("omdb-error-with-200")
@pytest.mark.parametrize(("message", "error_class", "code"), MESSAGES)
async def test_every_error_text_becomes_its_domain_error(
    client: OmdbClient, omdb: FakeOmdb, message: str, error_class: type[DomainError], code: str
) -> None:
    omdb.fail(message)
    with pytest.raises(error_class) as error:
        await client.fetch_by_title("anything")
    assert error.value.code == code
    assert len(omdb.calls) == 1, "an error text is not retried"
    if error_class is Unavailable:
        assert error.value.retry_after


async def test_a_well_formed_id_that_omdb_calls_incorrect_is_not_found(
    client: OmdbClient, omdb: FakeOmdb
) -> None:
    omdb.fail("Incorrect IMDb ID.")
    with pytest.raises(NotFound):
        await client.fetch_by_id("tt9999999")


TRANSIENT = [*(name for name in STATUS_FAULTS if name != "status_429"), "html_200", "reset"]
TRANSIENT += ["cut_short", "bad_gzip", "redirect", "echo"]


@pytest.mark.fault("omdb-down")
@pytest.mark.parametrize("fault", TRANSIENT)
async def test_a_transient_fault_is_tried_three_times_and_no_more(
    client: OmdbClient, omdb: FakeOmdb, fault: str
) -> None:
    omdb.fail(fault)
    with pytest.raises(Unavailable) as error:
        await client.fetch_by_id(MATRIX)
    assert error.value.code == "omdb_unavailable"
    assert error.value.retry_after
    assert len(omdb.calls) == 3


@pytest.mark.fault("omdb-down")
@pytest.mark.parametrize("fault", ["status_503", "status_522", "reset"])
async def test_a_fault_that_ends_during_the_retries_returns_the_film(
    client: OmdbClient, omdb: FakeOmdb, fault: str
) -> None:
    omdb.fail(fault, times=2)
    assert (await client.fetch_by_id(MATRIX)).title == "The Matrix"


@pytest.mark.fault("omdb-down")
async def test_a_reply_with_retry_after_is_not_retried(client: OmdbClient, omdb: FakeOmdb) -> None:
    omdb.fail("status_429")
    with pytest.raises(Unavailable) as error:
        await client.fetch_by_id(MATRIX)
    assert error.value.retry_after == 7
    assert len(omdb.calls) == 1


@pytest.mark.fault("omdb-down")
async def test_a_server_that_never_replies_costs_one_timeout(
    session: aiohttp.ClientSession, omdb: FakeOmdb, quota: OmdbQuota
) -> None:
    client = PatientClient(session, omdb.url, omdb.key, quota, timeout=0.3)
    omdb.fail("hang")
    started = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer"):
        await client.fetch_by_id(MATRIX)
    assert 0.25 < time.monotonic() - started < 30


async def test_a_closed_port_is_an_outage(
    session: aiohttp.ClientSession, quota: OmdbQuota, omdb: FakeOmdb
) -> None:
    client = PatientClient(session, "http://127.0.0.1:1/", omdb.key, quota)
    with pytest.raises(Unavailable) as error:
        await client.fetch_by_id(MATRIX)
    assert error.value.code == "omdb_unavailable"


@pytest.mark.fault("omdb-down")
async def test_an_outage_blocks_calls_until_one_probe_finds_its_end(
    client: OmdbClient, omdb: FakeOmdb, clock: FakeClock
) -> None:
    omdb.fail("status_503")
    for _ in range(OMDB_BREAKER_THRESHOLD):
        with pytest.raises(Unavailable):
            await client.fetch_by_id(MATRIX)
    omdb.recover()
    calls = len(omdb.calls)
    with pytest.raises(Unavailable) as error:
        await client.fetch_by_id(MATRIX)
    assert 0 < (error.value.retry_after or 0) <= OMDB_BREAKER_RESET
    assert len(omdb.calls) == calls, "no call while the circuit breaker is open"
    with pytest.raises(Unavailable):
        await client.health()

    clock.advance(OMDB_BREAKER_RESET)
    omdb.delay = 0.2
    results = await asyncio.gather(
        *(client.fetch_by_id(MATRIX) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Unavailable) for result in results) == 4, "one is the probe"
    assert len(omdb.calls) == calls + 1
    assert (await client.fetch_by_id(MATRIX)).title == "The Matrix"
    assert "of 100 calls" in await client.health()


async def test_error_texts_never_count_as_an_outage(client: OmdbClient, omdb: FakeOmdb) -> None:
    omdb.fail("Error getting data.")
    for _ in range(OMDB_BREAKER_THRESHOLD + 1):
        with pytest.raises(Unavailable):
            await client.fetch_by_id(MATRIX)
    omdb.recover()
    assert (await client.fetch_by_id(MATRIX)).title == "The Matrix"


@pytest.mark.fault("omdb-key-rejected")
async def test_a_rejected_key_is_logged_once_and_tried_again_later(
    session: aiohttp.ClientSession, omdb: FakeOmdb, quota: OmdbQuota, clock: FakeClock
) -> None:
    client = PatientClient(session, omdb.url, "new-key", quota, clock.monotonic)
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(Misconfigured) as error:
                await client.fetch_by_id(MATRIX)
            clock.advance(OMDB_KEY_REJECTED_RESET / 4)
    assert error.value.code == "omdb_key_invalid"
    assert len(omdb.calls) == 1
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["omdb_key_invalid"]
    with pytest.raises(Misconfigured):
        await client.health()

    omdb.key = "new-key"
    clock.advance(OMDB_KEY_REJECTED_RESET)
    with pytest.raises(NotFound):
        await client.fetch_by_id("tt9999999")
    assert "calls used" in await client.health(), "a film that OMDb lacks shows that the key works"
    assert (await client.fetch_by_id(MATRIX)).title == "The Matrix"
    assert "calls used" in await client.check()


@pytest.mark.fault("omdb-key-rejected")
async def test_a_401_without_an_error_text_is_a_rejected_key(
    client: OmdbClient, omdb: FakeOmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STATUS_FAULTS, "status_401", 401)
    omdb.fail("status_401")
    with pytest.raises(Misconfigured):
        await client.fetch_by_id(MATRIX)


@pytest.mark.fault("omdb-quota-spent")
async def test_an_exhausted_quota_blocks_calls_until_the_next_probe(
    client: OmdbClient, omdb: FakeOmdb, clock: FakeClock
) -> None:
    omdb.fail("quota")
    with pytest.raises(Unavailable) as error:
        await client.fetch_by_id(MATRIX)
    assert (error.value.code, error.value.retry_after) == ("omdb_quota_exhausted", 3_600)
    omdb.recover()
    clock.advance(600)
    with pytest.raises(Unavailable) as error:
        await client.fetch_by_id(MATRIX)
    assert (error.value.code, error.value.retry_after) == ("omdb_quota_exhausted", 3_000)
    assert len(omdb.calls) == 1
    with pytest.raises(Unavailable, match="exhausted"):
        await client.health()

    clock.advance(3_000)
    assert (await client.fetch_by_id(MATRIX)).title == "The Matrix"
    assert await client.health() == "1 of 100 calls used today"


async def test_a_reply_with_another_id_is_not_found(client: OmdbClient, omdb: FakeOmdb) -> None:
    omdb.reply_with(Title="Jaws", imdbID="tt0073195", Response="True")
    with pytest.raises(NotFound, match="another film"):
        await client.fetch_by_id(MATRIX)


@pytest.mark.parametrize(
    "fields",
    [
        {"Response": "True"},
        {"Response": "True", "Title": "N/A", "imdbID": MATRIX},
        {"Response": "True", "Title": "Jaws", "imdbID": "none"},
    ],
)
async def test_a_reply_that_is_not_a_film_is_that_films_fault(
    client: OmdbClient, omdb: FakeOmdb, fields: dict[str, str]
) -> None:
    omdb.reply_with(**fields)
    with pytest.raises(BadUpstream) as error:
        await client.fetch_by_title("jaws")
    assert error.value.code == "omdb_unreadable"


@pytest.mark.parametrize("fault", ["huge", "broken", "shapeless"])
async def test_unreadable_replies_leave_the_circuit_breaker_closed(
    client: OmdbClient, omdb: FakeOmdb, fault: str
) -> None:
    if fault == "huge":
        omdb.fail("huge")
    else:
        omdb.raw_reply = {"broken": b'{"Title": "Jaws", "Year', "shapeless": b'{"Title": [{}]}'}[
            fault
        ]
    for _ in range(OMDB_BREAKER_THRESHOLD + 1):
        with pytest.raises(BadUpstream):
            await client.fetch_by_id("tt0073195")
    omdb.recover()
    omdb.raw_reply = None
    assert (await client.fetch_by_id(MATRIX)).title == "The Matrix"


async def test_a_film_in_invalid_json_is_parsed(client: OmdbClient, omdb: FakeOmdb) -> None:
    omdb.raw_reply = b'{"Title":"The "Matrix"","Plot":"It\\\'s\x02 odd","imdbID":"tt0133093"}'
    facts = await client.fetch_by_id(MATRIX)
    assert (facts.title, facts.plot) == ('The "Matrix"', "It's odd")


@pytest.mark.parametrize("fault", [*TRANSIENT, "status_429", "Invalid API key!", "quota", "new &c"])
async def test_the_key_appears_nowhere_but_in_the_request(
    session: aiohttp.ClientSession, omdb: FakeOmdb, quota: OmdbQuota, fault: str
) -> None:
    omdb.key = "s3cret/k3y+"
    client = PatientClient(session, omdb.url, omdb.key, quota)
    omdb.fail(fault)
    with capture_logs() as logs, pytest.raises(DomainError) as error:
        await client.fetch_by_title("jaws")
    traces = "".join(traceback.format_exception(error.value)) + repr(logs)
    traces += repr([error.value.detail, error.value.code, error.value.args, error.value.errors])
    assert omdb.calls[0]["apikey"] == omdb.key
    assert "k3y" not in traces
