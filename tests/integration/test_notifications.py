"""Outbox notifications: they wake a waiting listener and never fail the sender."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.outbox.notifications import (
    DatagramNotifier,
    OutboxNotifier,
    PostgresNotifier,
    notifier_for,
)


async def test_a_notification_wakes_a_waiting_listener(
    database: str, notifier: OutboxNotifier
) -> None:
    listener = notifier_for(database)
    await listener.listen()
    await listener.wait(1.0)  # PostgreSQL's notifier wakes once when it has connected
    wait = asyncio.create_task(listener.wait(60))
    await asyncio.sleep(0)
    while not wait.done():
        await notifier.notify()
        await asyncio.wait({wait}, timeout=0.2)
    await listener.close()


async def test_a_socket_name_that_another_user_has_taken_leaves_the_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    listener = DatagramNotifier("sqlite://taken/movies.db")
    listener._path.mkdir()  # what cannot be removed, like a file of another user
    with capture_logs() as lines:
        await listener.listen()
    assert [line["event"] for line in lines] == ["notifications_unavailable"]
    await asyncio.wait_for(listener.wait(0.05), 60)
    await listener.close()


async def test_without_a_notification_the_wait_ends_after_its_timeout(database: str) -> None:
    listener = notifier_for(database)
    await listener.listen()
    await asyncio.wait_for(listener.wait(0.05), 30)
    await listener.close()
    await listener.close()


async def test_notifying_without_a_listener_raises_nothing(notifier: OutboxNotifier) -> None:
    for _ in range(500):
        await notifier.notify()


async def test_notifying_and_listening_without_a_database_raise_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse_connection() -> None:
        raise ConnectionRefusedError("the database is down")

    def fail() -> None:
        raise ZeroDivisionError("a bug")

    notifier = PostgresNotifier("postgres://nobody@127.0.0.1:1/movies")
    monkeypatch.setattr("service.outbox.notifications.get_connection", refuse_connection)
    await notifier.notify()
    monkeypatch.setattr("service.outbox.notifications.get_connection", fail)
    with pytest.raises(ZeroDivisionError):
        await notifier.notify()
    await notifier.listen()
    await asyncio.wait_for(notifier.wait(0.2), 30)
    await notifier.close()
