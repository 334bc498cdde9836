"""Clients that read or send too slowly, over real connections.

Rates and windows are smaller than those of the service, so that a test takes seconds.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, raw

from service.http import middleware, problems
from service.http.timeouts import PromptTimeoutProtocol

MIN_RATE, WINDOW = 20_000, 1.0  # bytes a second, seconds
SILENCE = 3.0  # seconds without a byte of a request
BODY_BYTES = 4_000_000  # more than the kernel keeps for a connection with small buffers
SMALL_BUFFER = 4_096
CHUNK = b"x" * 10_000
HEAD = b"HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    """Yield the port of an app with the service's protocol and two long routes."""
    app: Sanic = Sanic(
        "slow-clients", request_class=middleware.IdentifiedRequest, configure_logging=False
    )
    app.config.REQUEST_TIMEOUT = SILENCE
    problems.install(app)

    @app.get("/stream")
    async def stream(request: Request) -> None:
        response = await request.respond(content_type="application/x-ndjson")
        for _ in range(BODY_BYTES // len(CHUNK)):
            await response.send(CHUNK)

    @app.get("/quiet")
    async def quiet(request: Request) -> None:
        response = await request.respond(content_type="application/x-ndjson")
        await response.send(CHUNK)
        await asyncio.sleep(3 * WINDOW)
        await response.send(CHUNK)

    @app.get("/block")
    async def block(request: Request) -> HTTPResponse:
        return raw(b"x" * BODY_BYTES)

    @app.post("/upload", stream=True)
    async def upload(request: Request) -> HTTPResponse:
        request.stream.request_max_size = BODY_BYTES
        size = 0
        while (part := await request.stream.read()) is not None:
            size += len(part)
            if request.args.get("busy"):
                await asyncio.sleep(2 * WINDOW)
        return raw(str(size).encode())

    @app.post("/small")
    async def small(request: Request) -> HTTPResponse:
        return raw(request.body)

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    protocol = partial(PromptTimeoutProtocol, min_rate=MIN_RATE, rate_window=WINDOW)
    server = await app.create_server(
        sock=listener, protocol=protocol, return_asyncio_server=True, access_log=False
    )
    assert server is not None
    Sanic.test_mode = True  # Sanic then leaves its classes as they were for other apps
    await server.startup()
    await server.start_serving()
    yield listener.getsockname()[1]
    Sanic.test_mode = False
    Sanic._app_registry.pop(app.name, None)
    server.close()
    await server.wait_closed()


async def connect(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return client


async def read_at_rate(client: socket.socket, rate: float) -> tuple[int, bool]:
    """Read at `rate` bytes a second; return how many came, and whether they ended regularly."""
    loop, size, tail, started_at = asyncio.get_running_loop(), 0, b"", time.monotonic()
    while True:
        try:
            part = await asyncio.wait_for(loop.sock_recv(client, 2_048), 20)
        except ConnectionResetError:
            return size, False
        size, tail = size + len(part), (tail + part)[-20:]
        if not part or tail.endswith(b"0\r\n\r\n"):
            return size, bool(part)
        await asyncio.sleep(max(0.0, size / rate - (time.monotonic() - started_at)))


@pytest.mark.parametrize("path", [b"stream", b"block"])
async def test_a_client_that_reads_too_slowly_is_ended(port: int, path: bytes) -> None:
    with await connect(port) as client:
        await asyncio.get_running_loop().sock_sendall(
            client, b"GET /" + path + b" " + HEAD + b"\r\n"
        )
        started_at = time.monotonic()
        size, is_complete = await read_at_rate(client, MIN_RATE / 10)
    assert not is_complete and size < BODY_BYTES
    assert time.monotonic() - started_at < 30


async def test_a_client_that_reads_nothing_is_ended_soon(port: int) -> None:
    with await connect(port) as client:
        await asyncio.get_running_loop().sock_sendall(client, b"GET /stream " + HEAD + b"\r\n")
        await asyncio.sleep(WINDOW + 2)
        size, is_complete = await read_at_rate(client, 1e9)
    assert not is_complete and size < BODY_BYTES / 2


async def test_a_client_above_the_rate_gets_all(port: int) -> None:
    with await connect(port) as client:
        await asyncio.get_running_loop().sock_sendall(client, b"GET /stream " + HEAD + b"\r\n")
        size, is_complete = await read_at_rate(client, MIN_RATE * 40)
    assert is_complete and size > BODY_BYTES


async def test_a_client_is_not_blamed_for_a_response_that_pauses(port: int) -> None:
    with await connect(port) as client:
        await asyncio.get_running_loop().sock_sendall(client, b"GET /quiet " + HEAD + b"\r\n")
        size, is_complete = await read_at_rate(client, 1e9)
    assert is_complete and size > 2 * len(CHUNK)


async def upload(port: int, query: bytes, size: int, rate: float) -> bytes:
    """Send a body of `size` bytes at `rate`; return what comes back."""
    loop = asyncio.get_running_loop()
    with await connect(port) as client:
        head = b"POST /upload" + query + b" " + HEAD + b"Content-Length: %d\r\n\r\n" % size
        await loop.sock_sendall(client, head)
        answer = asyncio.ensure_future(loop.sock_recv(client, 4_096))
        sent, started_at = 0, time.monotonic()
        while sent < size and not answer.done():
            part = b"x" * min(1_000, size - sent)
            await loop.sock_sendall(client, part)
            sent += len(part)
            await asyncio.wait(
                [answer], timeout=max(0.0, sent / rate - (time.monotonic() - started_at))
            )
        return await asyncio.wait_for(answer, 20)


async def test_an_upload_below_the_rate_gets_408(port: int) -> None:
    started_at = time.monotonic()
    assert b" 408 " in await upload(port, b"", 100_000, MIN_RATE / 10)
    assert time.monotonic() - started_at < WINDOW + 30


async def test_an_upload_above_the_rate_arrives_whole(port: int) -> None:
    assert (await upload(port, b"", 100_000, MIN_RATE * 2)).endswith(b"\r\n100000")


async def test_an_upload_is_not_blamed_for_a_handler_that_is_busy(port: int) -> None:
    assert (await upload(port, b"?busy=1", 4_000, MIN_RATE * 2)).endswith(b"\r\n4000")


@pytest.mark.parametrize("upgrade", [b"", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"])
async def test_a_body_that_never_comes_gets_408_even_if_it_asks_for_a_websocket(
    port: int, upgrade: bytes
) -> None:
    loop = asyncio.get_running_loop()
    with await connect(port) as client:
        head = b"POST /small " + HEAD + upgrade + b"Content-Length: 9\r\n\r\n"
        await loop.sock_sendall(client, head)
        assert b" 408 " in await asyncio.wait_for(loop.sock_recv(client, 4_096), SILENCE + 5)
