"""Measure live sockets on one API worker: what an idle one costs, and how soon a message is heard.

A service on the embedded stack has the sample films. Users register and log in before anything is
measured, since hashing their passwords takes memory. Then each opens ten sockets. The worker alone
is measured: not the supervisor, not the indexer, and not the clients, which have a process of their
own. The table is Markdown.

    python -m benches.live [--sockets 2000] [--idle-seconds 60]
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from benches.watched import read_cpu_seconds, read_memory_mb
from tests.support import service_runner
from tests.support.members import PASSWORD
from tests.support.service_runner import ApiClient, find_child_pids

SOCKETS_OF_USER = 10  # as many as the service allows
REGISTERED_AT_ONCE, OPENED_AT_ONCE = 4, 50
SETTLE_SECONDS = 10.0  # before memory is read
MESSAGES = 5
ROOM = "tt0073195"

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Memory:
    """What a process has of its own, and what of it is resident, in MB."""

    anonymous: float
    resident: float

    @classmethod
    def read(cls, pid: int) -> "Memory":
        return cls(read_memory_mb(pid, "Anonymous"), read_memory_mb(pid, "Rss"))


@dataclass(frozen=True)
class Measurement:
    """What was measured with `sockets` sockets."""

    sockets: int
    before: Memory
    idle: Memory
    after: Memory
    opened_in: float
    idle_cpu_percent: float
    joined_in: float
    delays: list[tuple[float, float]]
    """Of each message: until half of the members have it, until all have it."""

    closed_in: float


async def gather_limited(
    action: Callable[[T], Awaitable[R]], values: Sequence[T], at_once: int
) -> list[R]:
    """Return what the action gives for each value, a few at a time."""
    semaphore = asyncio.Semaphore(at_once)

    async def run(value: T) -> R:
        async with semaphore:
            return await action(value)

    return await asyncio.gather(*map(run, values))


async def log_in_new_user(api: ApiClient) -> str:
    """Register a user; return the access token."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    registered = await api.request("POST", "/api/v1/auth/register", json=account)
    assert registered.status == 201, registered.json
    credentials = {"username": name, "password": PASSWORD}
    session = await api.request("POST", "/api/v1/auth/login", json=credentials)
    return str(session.json["access_token"])


class Client:
    """A client of one socket. It reads all the time: who does not answer pings is disconnected."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._joined = asyncio.Event()
        self.message_times: list[float] = []
        self.heard = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, api: ApiClient, token: str) -> "Client":
        ticket = await api.request("POST", "/api/v1/auth/ws-ticket", token=token)
        assert ticket.status == 201, ticket.json
        parameters = {"ticket": ticket.json["ticket"]}
        return cls(await api.session.ws_connect("/api/v1/ws", params=parameters))

    async def join(self) -> None:
        await self.send(event="join_notification")
        await self._joined.wait()

    async def send(self, **message: object) -> None:
        await self._socket.send_json({"room_id": ROOM, **message})

    async def close(self) -> None:
        """Close the socket; fail if the service has done so before."""
        assert not self._reading.done()
        await self._socket.close()
        await self._reading

    async def _read(self) -> None:
        async for frame in self._socket:
            event = json.loads(frame.data)
            if event["event"] == "message":
                self.message_times.append(time.perf_counter())
                self.heard.set()
            elif event.get("own"):
                self._joined.set()


async def measure_message(clients: Sequence[Client], number: int) -> tuple[float, float]:
    """Return the seconds until half of the members have a message, and until all have it."""
    for client in clients:
        client.heard.clear()
    started = time.perf_counter()
    await clients[0].send(event="message", text=f"Message {number}")
    await asyncio.gather(*(client.heard.wait() for client in clients))
    delays = sorted(client.message_times[-1] - started for client in clients)
    return delays[len(delays) // 2], delays[-1]


async def measure(api: ApiClient, count: int, idle_seconds: float) -> Measurement:
    """Open `count` sockets, leave them idle, have them hear messages, and close them."""
    pid = next(pid for name, pid in find_child_pids(api.service).items() if name.startswith("api"))
    users = [api] * -(-count // SOCKETS_OF_USER)
    tokens = await gather_limited(log_in_new_user, users, REGISTERED_AT_ONCE)
    await (await Client.open(api, tokens[0])).close()  # what the first one imports is no part of it
    await asyncio.sleep(SETTLE_SECONDS)
    before, started = Memory.read(pid), time.perf_counter()
    owners = [tokens[number // SOCKETS_OF_USER] for number in range(count)]
    clients = await gather_limited(lambda token: Client.open(api, token), owners, OPENED_AT_ONCE)
    opened_in = time.perf_counter() - started
    await asyncio.sleep(SETTLE_SECONDS)
    idle, cpu, started = Memory.read(pid), read_cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(idle_seconds)
    cpu_percent = 100 * (read_cpu_seconds(pid) - cpu) / (time.perf_counter() - started)
    started = time.perf_counter()
    await gather_limited(Client.join, clients, OPENED_AT_ONCE)
    joined_in = time.perf_counter() - started
    delays = [await measure_message(clients, number) for number in range(MESSAGES)]
    started = time.perf_counter()
    await asyncio.gather(*(client.close() for client in clients))
    closed_in = time.perf_counter() - started
    await asyncio.sleep(SETTLE_SECONDS)
    return Measurement(
        sockets=count,
        before=before,
        idle=idle,
        after=Memory.read(pid),
        opened_in=opened_in,
        idle_cpu_percent=cpu_percent,
        joined_in=joined_in,
        delays=delays,
        closed_in=closed_in,
    )


def print_table(result: Measurement) -> None:
    count, before, idle, after = result.sockets, result.before, result.idle, result.after
    per_socket = (idle.anonymous - before.anonymous) * 1024 / count
    half, everyone = (statistics.median(column) for column in zip(*result.delays, strict=True))
    rows = {
        "memory of the worker before, anonymous (resident)": f"{before.anonymous:.0f} MB "
        f"({before.resident:.0f} MB)",
        f"with {count:,} idle sockets": f"{idle.anonymous:.0f} MB ({idle.resident:.0f} MB): "
        f"{per_socket:.0f} kB a socket",
        "after all were closed": f"{after.anonymous:.0f} MB ({after.resident:.0f} MB)",
        "CPU of the worker while all are idle": f"{result.idle_cpu_percent:.1f} % of one core",
        "to open all, each with a ticket": f"{result.opened_in:.1f} s",
        "to have all join one room": f"{result.joined_in:.1f} s",
        f"a message at half of the members, at all of them, median of {MESSAGES}": f"{half:.2f} s, "
        f"{everyone:.2f} s",
        "to close all": f"{result.closed_in:.1f} s",
    }
    print("\n| | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


async def run(count: int, idle_seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = service_runner.embedded_settings(Path(folder)) | {"RATE_LIMITS": "off"}
        async with service_runner.open_in_thread(
            service_runner.run_sample_service(settings)
        ) as service:
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(service.url, connector=connector) as session:
                print_table(await measure(ApiClient(session, service), count, idle_seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--idle-seconds", type=float, default=60.0)
    options = parser.parse_args()
    asyncio.run(run(options.sockets, options.idle_seconds))


if __name__ == "__main__":
    main()
