"""How many connections a network may keep open, and how many files a process."""

import asyncio
import resource
import socket
import subprocess
import sys
from functools import partial

from sanic import Sanic
from structlog.testing import capture_logs

from service.http.connections import ConnectionCap
from service.http.timeouts import PromptTimeoutProtocol
from tests.support.waiting import wait_until


def test_each_network_has_its_own_count_and_loopback_has_none() -> None:
    cap = ConnectionCap(2)
    assert [cap.add("203.0.113.7") for _ in range(3)] == [True, True, False]
    assert cap.add("203.0.113.8")
    assert [cap.add(f"2001:db8::{n}") for n in range(3)] == [True, True, False]
    assert cap.add("2001:db8:0:1::1")
    assert all(cap.add(address) for address in ("127.0.0.1", "::1", "") for _ in range(5))
    cap.remove("203.0.113.7")
    assert [cap.add("203.0.113.7") for _ in range(2)] == [True, False]


def test_a_refused_network_is_logged_once_until_all_its_connections_have_ended() -> None:
    cap = ConnectionCap(1)
    with capture_logs() as lines:
        for _ in range(2):
            cap.add("203.0.113.7")
            cap.add("203.0.113.7")
            cap.add("203.0.113.7")
            cap.remove("203.0.113.7")
    assert [(line["event"], line["network"]) for line in lines] == [
        ("connections_refused", "203.0.113.7"),
        ("connections_refused", "203.0.113.7"),
    ]


async def test_a_connection_beyond_the_cap_is_closed_until_another_one_ends() -> None:
    app: Sanic = Sanic("capped", configure_logging=False)
    cap = ConnectionCap(2, is_exempt=lambda _: False)
    listener = socket.create_server(("127.0.0.1", 0))
    server = await app.create_server(
        sock=listener,
        protocol=partial(PromptTimeoutProtocol, connection_cap=cap),
        return_asyncio_server=True,
        access_log=False,
    )
    assert server is not None
    Sanic.test_mode = True  # Sanic then leaves its classes as they were for other apps
    await server.startup()
    await server.start_serving()
    port = listener.getsockname()[1]
    first = await asyncio.open_connection("127.0.0.1", port)
    second = await asyncio.open_connection("127.0.0.1", port)
    try:
        assert await wait_until(lambda: _is_closed(port))  # a busy server takes its time
        first[1].close()
        assert await wait_until(lambda: _is_open(port))
    finally:
        for _, writer in (first, second):
            writer.close()
            await writer.wait_closed()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.2)  # the server's sides of the connections end
        Sanic.test_mode = False
        Sanic._app_registry.pop(app.name, None)


async def _is_open(port: int) -> bool:
    return not await _is_closed(port)


async def _is_closed(port: int) -> bool:
    """Return whether the server closes a new connection at once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await asyncio.wait_for(reader.read(), 0.5) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    finally:
        writer.close()


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    code = (
        "import resource as r; from service.server.open_files import raise_open_files_limit as f;"
        "hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (64, hard)); f();"
        "print(*r.getrlimit(r.RLIMIT_NOFILE))"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert output.split() == [str(hard), str(hard)]
