"""A tap on the shoulder: felt when it is given, harmless when nobody feels it."""

import asyncio

from service.films.nudge import Nudge, nudge_for


async def test_a_nudge_wakes_the_one_who_waits(database: str, nudge: Nudge) -> None:
    listener = nudge_for(database)
    await listener.listen()
    await listener.wait(1.0)  # PostgreSQL's says once that it has begun to listen
    waiting = asyncio.create_task(listener.wait(60))
    await asyncio.sleep(0)
    while not waiting.done():
        await nudge.give()
        await asyncio.wait({waiting}, timeout=0.2)
    await listener.close()


async def test_without_a_nudge_the_wait_ends_by_itself(database: str) -> None:
    listener = nudge_for(database)
    await listener.listen()
    await asyncio.wait_for(listener.wait(0.05), 30)
    await listener.close()
    await listener.close()


async def test_nobody_listening_is_no_error(nudge: Nudge) -> None:
    for _ in range(500):
        await nudge.give()
