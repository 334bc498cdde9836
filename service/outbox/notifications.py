"""Notifications that wake the index worker after a write, so that it need not wait for its poll.

A lost notification does no harm, because the index worker polls every second. Sending therefore
never blocks a writer and never fails one. With SQLite, both processes are on one machine and a Unix
datagram is enough. With PostgreSQL, the index worker may run anywhere and `NOTIFY` reaches it.
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
import structlog

from service.database.connection import get_connection, to_driver_url
from service.database.faults import is_database_fault
from service.limits import NOTIFY_RECONNECT_INTERVAL
from service.settings import resolve_path

log = structlog.get_logger()

CHANNEL = "movies_outbox"


class OutboxNotifier(Protocol):
    """Sends and receives notifications."""

    async def notify(self) -> None:
        """Send a notification. Never raises and never waits for the receiver."""

    async def listen(self) -> None:
        """Start receiving; the receiver calls this once."""

    async def wait(self, timeout: float) -> None:
        """Return at the next notification, or after `timeout` seconds."""

    async def close(self) -> None:
        """Stop; may be called repeatedly."""


class DatagramNotifier:
    """Sends Unix datagrams to a socket whose name is derived from the database's path."""

    def __init__(self, database_url: str) -> None:
        digest = hashlib.sha256(str(resolve_path(database_url)).encode()).hexdigest()[:16]
        self._path = Path(tempfile.gettempdir()) / f"movies-{os.getuid()}-{digest}.sock"
        self._sender: socket.socket | None = None
        self._receiver: socket.socket | None = None

    async def notify(self) -> None:
        if self._sender is None:
            self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._sender.setblocking(False)
        with contextlib.suppress(OSError):
            self._sender.sendto(b"!", str(self._path))

    async def listen(self) -> None:
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.setblocking(False)
        try:
            self._path.unlink(missing_ok=True)
            receiver.bind(str(self._path))
        except OSError as error:  # another user has taken the name in the shared folder
            receiver.close()
            log.warning("notifications_unavailable", path=str(self._path), reason=error.strerror)
        else:
            self._receiver = receiver

    async def wait(self, timeout: float) -> None:
        if self._receiver is None:
            await asyncio.sleep(timeout)
            return
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
    """Sends `NOTIFY`; receives on a connection outside the pool, so that it holds no slot there."""

    def __init__(self, database_url: str) -> None:
        self._url = to_driver_url(database_url)
        self._notified = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None
        self._listener_task: asyncio.Task[None] | None = None

    async def notify(self) -> None:
        try:
            await get_connection().execute_query(f"NOTIFY {CHANNEL}")
        except Exception as error:
            if not is_database_fault(error):
                raise

    async def listen(self) -> None:
        self._listener_task = asyncio.create_task(self._keep_listening())

    async def _keep_listening(self) -> None:
        """Listen, and reconnect whenever the connection is lost."""
        while True:
            if self._connection is None or self._connection.is_closed():
                try:
                    listener = await asyncpg.connect(self._url, timeout=3)
                    await listener.add_listener(CHANNEL, lambda *_: self._notified.set())
                    self._connection = listener
                    self._notified.set()  # notifications may have been missed meanwhile
                except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    self._connection = None
            await asyncio.sleep(NOTIFY_RECONNECT_INTERVAL)

    async def wait(self, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._notified.wait(), timeout)
        self._notified.clear()

    async def close(self) -> None:
        if self._listener_task is not None:
            self._listener_task.cancel()
            await asyncio.gather(self._listener_task, return_exceptions=True)
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)
        self._listener_task = self._connection = None


def notifier_for(database_url: str) -> OutboxNotifier:
    """Return the notifier that suits the database at `database_url`."""
    if database_url.startswith("sqlite"):
        return DatagramNotifier(database_url)
    return PostgresNotifier(database_url)
