"""A tap on the shoulder: felt when it is given, harmless when nobody feels it."""

import asyncio

import pytest

from service.outbox.notifications import OutboxNotifier, PostgresNotifier, notifier_for


async def test_a_nudge_wakes_the_one_who_waits(database: str, notifier: OutboxNotifier) -> None:
    listener = notifier_for(database)
    await listener.listen()
    await listener.wait(1.0)  # PostgreSQL's says once that it has begun to listen
    waiting = asyncio.create_task(listener.wait(60))
    await asyncio.sleep(0)
    while not waiting.done():
        await notifier.notify()
        await asyncio.wait({waiting}, timeout=0.2)
    await listener.close()


async def test_without_a_nudge_the_wait_ends_by_itself(database: str) -> None:
    listener = notifier_for(database)
    await listener.listen()
    await asyncio.wait_for(listener.wait(0.05), 30)
    await listener.close()
    await listener.close()


async def test_nobody_listening_is_no_error(notifier: OutboxNotifier) -> None:
    for _ in range(500):
        await notifier.notify()


async def test_a_database_that_is_away_makes_no_nudge_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away() -> None:
        raise ConnectionRefusedError("the database is away")

    def broken() -> None:
        raise ZeroDivisionError("a fault of ours")

    deaf = PostgresNotifier("postgres://nobody@127.0.0.1:1/movies")
    monkeypatch.setattr("service.outbox.notifications.get_connection", away)
    await deaf.notify()
    monkeypatch.setattr("service.outbox.notifications.get_connection", broken)
    with pytest.raises(ZeroDivisionError):
        await deaf.notify()
    await deaf.listen()
    await asyncio.wait_for(deaf.wait(0.2), 30)
    await deaf.close()
