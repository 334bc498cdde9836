"""Requests as bytes: malformed heads, and requests that stall or drip."""

import asyncio
import re
import secrets
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"


LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BAD_HOSTS = (b"a b", b"x/y", b"u@x", b"a,b", b"[::1", b"x:y", b'"x"', b"x?y", b"\xff")
GOOD_HOSTS = (b"", b"x", b"X_y.example:80", b"[::1]:8000", b"127.0.0.1", b"x:")


async def exchange(
    api: ApiClient, data: bytes, *, drip: bytes = b"", interval: float = 0.5
) -> bytes:
    """Send `data`, then `drip` again and again; return all that the server sends.

    The server closes the connection while bytes may still be on their way to it: then the kernel
    resets the connection after what the server sent.
    """
    address = urlsplit(api.service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    async def read_until_closed() -> bytes:
        received = b""
        with suppress(ConnectionResetError):
            while block := await reader.read(65_536):
                received += block
        return received

    try:
        writer.write(data)
        response = asyncio.create_task(read_until_closed())
        deadline = time.monotonic() + 40
        while drip and not response.done() and time.monotonic() < deadline:
            await asyncio.wait([response], timeout=interval)
            writer.write(drip)
        return await asyncio.wait_for(response, 15)
    finally:
        writer.close()


def status_of(response: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 (\d{3})", response)
    assert match, response
    return int(match[1])


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-A: a\x00b\r\n",
        GET + b"X-A: a\x1b[31mb\r\n",
        GET + b"X-A: a\rb\r\n",
        GET + b"X-A: a\nb\r\n",
        GET + b"X\x01A: b\r\n",
        GET + b"X-A : b\r\n",
        GET + b"Transfer-Encoding : chunked\r\n",
        GET + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        GET + b"Transfer-Encoding: gzip\r\n",
        GET + b"Content-Length: -1\r\n",
        GET + b"Content-Length: 1_0\r\n",
        GET + b" folded: x\r\n",
        GET + b"no colon\r\n",
        GET + b": no name\r\n",
        GET + b"Host: y\r\n",
        GET + b"HOST: x\r\n",
        *(b"GET /health/live HTTP/1.1\r\nHost: " + host + b"\r\n" for host in BAD_HOSTS),
        b"GET http://y/health/live HTTP/1.1\r\nHost: x\r\n",
        b"GET http://x@y/health/live HTTP/1.1\r\nHost: x\r\n",
        GET + b"Content-Length: 0x2\r\n",
        GET + "Content-Length: \u0662\r\n".encode(),
        b"GET /health/live HTTP/1.1\r\n",
        b"GET /health/live HTTP/1.1 \r\nHost: x\r\n",
        b"GET /health\x00live HTTP/1.1\r\nHost: x\r\n",
        b"GET /health\x1b[31m HTTP/1.1\r\nHost: x\r\n",
        b"GET \x7f HTTP/1.1\r\nHost: x\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n",
        b"GET /health/live HTTP/9.9\r\nHost: x\r\n",
        b"GET  /health/live HTTP/1.1\r\nHost: x\r\n",
        b"G\x01T /health/live HTTP/1.1\r\nHost: x\r\n",
        b"GET http://[x HTTP/1.1\r\nHost: x\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\n",
        b"HEAD * HTTP/1.1\r\nHost: x\r\n",
        b"GET health HTTP/1.1\r\nHost: x\r\n",
        b"GET ?q=a HTTP/1.1\r\nHost: x\r\n",
        b"GET x:80 HTTP/1.1\r\nHost: x\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n",
        b"GET http://y HTTP/1.1\r\nHost: x\r\n",
        b"GET http:///health/live HTTP/1.1\r\nHost: x\r\n",
        b"nonsense\r\n",
    ],
)
async def test_a_malformed_head_gets_400_and_the_connection_closes(
    api: ApiClient, head: bytes
) -> None:
    response = await exchange(api, head + b"\r\n")
    assert status_of(response) == 400
    assert b"application/problem+json" in response


async def test_an_absolute_address_without_a_path_is_that_of_the_root(api: ApiClient) -> None:
    for target in (b"http://x", b"http://x?q=jaws"):
        head = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        response = await exchange(api, head)
        assert status_of(response) == 200 and b"<html" in response


async def test_options_of_the_whole_service_is_answered(api: ApiClient) -> None:
    head = b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert status_of(await exchange(api, head)) == 204


@pytest.mark.parametrize(
    ("host", "target"),
    [
        *((host, b"") for host in GOOD_HOSTS),
        (b"x", b"http://x"),
        (b"[::1]:8000", b"http://[::1]:8000"),
        (b"Films.Example:80", b"HTTP://films.example:80"),
    ],
)
async def test_a_well_formed_host_is_answered(api: ApiClient, host: bytes, target: bytes) -> None:
    head = b"GET " + target + b"/health/live HTTP/1.1\r\nHost: " + host + b"\r\n"
    assert status_of(await exchange(api, head + b"Connection: close\r\n\r\n")) == 200


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        (b"2\r\n{}\r\n0\r\n\r\n", 422),
        (b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n", 422),
        (b"2;a=\tb\r\n{}\r\n0\r\n\r\n", 422),
        (b"2;a\nb\r\n{}\r\n0\r\n\r\n", 400),
        (b"2;a\rb\r\n{}\r\n0\r\n\r\n", 400),
        (b"2;a\x00\r\n{}\r\n0\r\n\r\n", 400),
        (b"2\n{}\n0\n\r\n", 400),
        (b"0002\r\n{}\r\n0\r\n\r\n", 422),
        (b"0x2\r\n{}\r\n0\r\n\r\n", 400),
        (b" 2\r\n{}\r\n0\r\n\r\n", 400),
        (b"+2\r\n{}\r\n0\r\n\r\n", 400),
        (b"-2\r\n{}\r\n0\r\n\r\n", 400),
        (b"2_\r\n{}\r\n0\r\n\r\n", 400),
        (b"2\r\n{}XX0\r\n\r\n", 400),
        (b"2\r\n{}\n\n0\r\n\r\n", 400),
        (b"1\r\n{}\r\n0\r\n\r\n", 400),
        (b"\r\n{}\r\n0\r\n\r\n", 400),
        (b"2\r\n{}\r\n0\r\nX: y\r\n\r\n", 400),
        (b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400),
    ],
)
async def test_a_chunked_body_is_read_strictly(api: ApiClient, chunks: bytes, status: int) -> None:
    head = LOGIN + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert status_of(await exchange(api, head + chunks)) == status


async def test_a_well_formed_head_without_a_host_is_answered_under_http_1_0(api: ApiClient) -> None:
    assert status_of(await exchange(api, b"GET /health/live HTTP/1.0\r\n\r\n")) == 200


async def test_a_body_that_a_get_does_not_need_causes_no_line_but_the_requests(
    api: ApiClient,
) -> None:
    before = len(api.service.log.read_bytes())
    head = GET.replace(b"/health/live", b"/api/v1/movies/tt0073195")
    response = await exchange(api, head + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    assert status_of(response) == 200
    lines = api.service.log.read_bytes()[before:].splitlines()
    assert not [line for line in lines if b"error" in line or b"consumed" in line]


async def test_a_log_line_holds_no_control_characters_and_a_short_path(api: ApiClient) -> None:
    before = len(api.service.log.read_bytes())
    marker = "z" * 8_000
    for path in (b"/\x1b[31mred\x07", b"/%1b%0a%00red", f"/{marker}".encode()):
        await exchange(api, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    lines = api.service.log.read_bytes()[before:]
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", lines)
    assert b"zzz" in lines and b"z" * 501 not in lines


SLOW_REQUESTS = [
    (b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ", b"a", 408),
    (b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ", b"", 408),
    (LOGIN + b"Content-Length: 100000\r\n\r\n", b" ", 408),
    (LOGIN + b"Content-Length: 100000\r\n\r\n", b"", 408),
    (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 408),
    (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n5\r\n", b"", 408),
    (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b" ", 404),
]


async def test_requests_that_drip_or_stall_are_ended_within_thirty_seconds(api: ApiClient) -> None:
    async def measure(start: bytes, drip: bytes) -> tuple[int, float]:
        began = time.monotonic()
        status = status_of(await exchange(api, start, drip=drip))
        return status, time.monotonic() - began

    results = await asyncio.gather(*(measure(start, drip) for start, drip, _ in SLOW_REQUESTS))
    assert [status for status, _ in results] == [status for *_, status in SLOW_REQUESTS]
    assert all(seconds < 30 for _, seconds in results)


async def test_a_client_that_leaves_early_counts_as_499_and_not_as_a_fault_of_the_server(
    api: ApiClient,
) -> None:
    address = urlsplit(api.service.url)

    async def leave_early() -> None:
        name = secrets.token_hex(8).encode()  # a new one, since logins of one name are slowed down
        body = b'{"username": "%s", "password": "long enough"}' % name  # its hash takes a while
        head = (
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(head + body)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.close()

    async def count(status: int) -> int:
        token = {"Authorization": "Bearer metrics-of-tests!"}
        text = (await api.get("/metrics", headers=token)).body.decode()
        labels = f'method="POST",route="/api/v1/auth/login",status="{status}"'
        lines = [line for line in text.splitlines() if f"seconds_count{{{labels}}}" in line]
        return sum(int(float(line.rpartition(" ")[2])) for line in lines)

    async def is_counted() -> bool:
        """Leave again each time: a busy server sees a request and its end at once."""
        await leave_early()
        return await count(499) > 0

    assert await wait_until(is_counted)
    assert await count(500) == 0


async def test_a_client_that_leaves_during_its_head_is_no_server_error(api: ApiClient) -> None:
    written = len(api.service.log.read_text())
    address = urlsplit(api.service.url)

    async def is_logged() -> bool:
        """Leave again each time: a busy server sees the head and the end at once."""
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(b"GET /")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()
        return "NONE" in api.service.log.read_text()[written:]

    await wait_until(is_logged)
    lines = [line for line in api.service.log.read_text()[written:].splitlines() if "NONE" in line]
    assert all("499" in line and "500" not in line for line in lines), lines
