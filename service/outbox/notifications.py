"""A tap on the indexer's shoulder after a write, so that it need not wait for its next poll.

A nudge may be lost and nothing is lost with it: the indexer looks by itself each second. So it
never blocks a writer and never fails one. With SQLite both processes share a machine, and a unix
datagram does it; with PostgreSQL the indexer may be anywhere, and `NOTIFY` does it.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
import tempfile
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from service.database.connection import get_connection, to_driver_url
from service.database.transactions import is_database_fault
from service.limits import NOTIFY_RECONNECT_INTERVAL as RECONNECT
from service.settings import resolve_path

CHANNEL = "movies_outbox"


class OutboxNotifier(Protocol):
    """Both ends of the tap."""

    async def notify(self) -> None:
        """Tap; never raises, never waits for the other side."""

    async def listen(self) -> None:
        """Begin to feel taps; called once by the one who waits."""

    async def wait(self, timeout: float) -> None:
        """Return at the next tap, or after `longest` seconds."""

    async def close(self) -> None:
        """Stop; safe to repeat."""


class DatagramNotifier:
    """By a unix datagram to a socket whose name follows from the database's path."""

    def __init__(self, database_url: str) -> None:
        name = hashlib.sha256(str(resolve_path(database_url)).encode()).hexdigest()[:16]
        self._path = Path(tempfile.gettempdir()) / f"movies-{os.getuid()}-{name}.sock"
        self._sender: socket.socket | None = None
        self._receiver: socket.socket | None = None

    async def notify(self) -> None:
        if self._sender is None:
            self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._sender.setblocking(False)
        with contextlib.suppress(OSError):
            self._sender.sendto(b"!", str(self._path))

    async def listen(self) -> None:
        self._path.unlink(missing_ok=True)
        self._receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._receiver.setblocking(False)
        self._receiver.bind(str(self._path))

    async def wait(self, timeout: float) -> None:
        assert self._receiver is not None, "listen() comes first"
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(loop.sock_recv(self._receiver, 1), timeout)
        with contextlib.suppress(BlockingIOError):
            while self._receiver.recv(16):
                pass

    async def close(self) -> None:
        for end in (self._sender, self._receiver):
            if end is not None:
                end.close()
        if self._receiver is not None:
            self._path.unlink(missing_ok=True)
        self._sender = self._receiver = None


class PostgresNotifier:
    """By `NOTIFY`, heard on a connection of its own that does not hold a slot of the pool."""

    def __init__(self, database_url: str) -> None:
        self._url = to_driver_url(database_url)
        self._felt = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def notify(self) -> None:
        try:
            await get_connection().execute_query(f"NOTIFY {CHANNEL}")
        except Exception as error:
            if not is_database_fault(error):
                raise

    async def listen(self) -> None:
        self._keeper = asyncio.create_task(self._keep_listening())

    async def _keep_listening(self) -> None:
        """Listen, and listen again after every restart of the server."""
        while True:
            if self._connection is None or self._connection.is_closed():
                try:
                    heard = await asyncpg.connect(self._url, timeout=3)
                    await heard.add_listener(CHANNEL, lambda *_: self._felt.set())
                    self._connection = heard
                    self._felt.set()
                except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    self._connection = None
            await asyncio.sleep(RECONNECT)

    async def wait(self, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._felt.wait(), timeout)
        self._felt.clear()

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)
        self._keeper = self._connection = None


def notifier_for(database_url: str) -> OutboxNotifier:
    """The nudge that suits the database at `database_url`."""
    if database_url.startswith("sqlite"):
        return DatagramNotifier(database_url)
    return PostgresNotifier(database_url)
