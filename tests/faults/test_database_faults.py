"""PostgreSQL restarted, out of connections, in conflict, cut off at a commit: told, and healed."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from service.films.insert_locks import INSERT_LOCK_KEY, lock_keys
from service.films.schemas import FilmFacts
from service.limits import MAX_CONFLICT_RETRIES, POSTGRES_POOL_SIZE, REQUEST_TIMEOUT
from tests.faults.conftest import WORKERS, Beset, is_found, written
from tests.faults.invariants import in_time
from tests.faults.load import answered, loaded
from tests.faults.parts import restarted
from tests.faults.plugin import Observations
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

TRIGGER = """
    CREATE SEQUENCE tried;
    CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.title LIKE 'Never Serializable%' THEN
            PERFORM nextval('tried');
            RAISE EXCEPTION 'made by a test' USING ERRCODE = 'serialization_failure';
        END IF;
        IF NEW.title LIKE 'Slowly Committed%' THEN
            PERFORM pg_sleep(1.5);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER meddle AFTER INSERT ON films DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION meddle();
"""
HOLDS = f"SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {INSERT_LOCK_KEY}"
WAITING = f"{HOLDS} AND NOT granted"
UNTRIGGER = """
    DROP TRIGGER meddle ON films;
    DROP FUNCTION meddle;
    DROP SEQUENCE tried;
"""


@asynccontextmanager
async def meddling(sound: Beset) -> AsyncIterator[None]:
    """Create a trigger that acts at the commit of films with certain titles."""
    await sound.direct.run(TRIGGER)
    try:
        yield
    finally:
        await sound.direct.run(UNTRIGGER)


def told_why(answer: Response) -> bool:
    return (
        answer.status == 503
        and answer.headers["Content-Type"].startswith("application/problem+json")
        and answer.json["code"] == "database_unavailable"
        and "Retry-After" in answer.headers
    )


async def add(client: ApiClient, facts: dict[str, object]) -> Response:
    return await client.request(
        "POST", "/api/v1/movies", token=await client.admin_token(), json=facts
    )


@pytest.mark.fault("postgres-connections-lost")
async def test_connections_that_the_server_ends_are_replaced(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    async with loaded(sound.service, rate=40) as load:
        await answered(load, lambda each: each.kind == "add" and each.status == 201, 0)
        began = time.monotonic()
        for _ in range(5):
            ended = await sound.direct.value(
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert ended > 0
            await asyncio.sleep(0.2)
        healed = time.monotonic()
        await answered(load, lambda each: each.kind == "add" and each.status == 201, healed)
        observations.add(f"all connections ended five times: {load.told(began)}")
    in_time(load.trouble(healed))
    took = await sound.invariants.hold(load, healed)
    observations.add(f"the last refusal {load.trouble(healed):.1f} s after the last of them")
    observations.add(f"level {took:.0f} s later, without a restart of the service")
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.chaos
@pytest.mark.fault("postgres-connections-lost")
async def test_the_server_is_restarted_under_load(sound: Beset, observations: Observations) -> None:
    born = sound.service.log.read_text().count("child_started")
    async with loaded(sound.service) as load:
        await answered(load, lambda each: each.kind == "add" and each.status == 201, 0)
        began = time.monotonic()
        await restarted("postgres")
        healed = time.monotonic()
        await answered(load, lambda each: each.kind == "add" and each.status == 201, healed)
        await asyncio.sleep(5)
        observations.add(
            f"crashed and started again under load: {load.told(began)}; {load.sustained()}"
        )
    in_time(load.trouble(healed))
    took = await sound.invariants.hold(load, healed)
    observations.add(f"the last refusal {load.trouble(healed):.1f} s after it was back")
    assert sound.service.log.read_text().count("child_started") == born
    observations.add(f"level {took:.0f} s later, without a restart of the service")
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.fault("commit-response-lost")
async def test_a_film_whose_commit_was_not_confirmed_is_added_once_when_tried_again(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    facts: dict[str, object] = {
        "title": f"Slowly Committed {uuid.uuid4().hex[:8]}",
        "imdb_id": f"tt{uuid.uuid4().int % 10**8:08}",
    }
    where = f"FROM films WHERE imdb_id = '{facts['imdb_id']}'"
    committing = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event = 'PgSleep'"
    )
    async with meddling(sound):
        asked = asyncio.create_task(add(client, facts))
        await wait_until(lambda: sound.direct.value(committing), interval=0.02)
        async with sound.database.away():
            lost = await asked
            assert await wait_until(lambda: sound.direct.value(f"SELECT COUNT(*) {where}"))
    assert told_why(lost), lost
    again = await add(client, facts)
    assert (again.status, again.json["code"]) == (409, "movie_exists")
    film_id = await sound.direct.value(f"SELECT id::text {where}")
    assert film_id in again.json["detail"]
    assert await wait_until(lambda: is_found(client, str(facts["title"]), film_id))
    pointers = f"SELECT COUNT(*) FROM outbox WHERE film_id = '{film_id}'"
    assert await sound.direct.value(pointers) == 1
    await sound.invariants.hold()
    observations.add("503; the second try got 409 with the film's id; one row, one pointer")
    observations.confirm("I1", "I3", "I5")


@pytest.mark.fault("postgres-pool-exhausted")
async def test_who_finds_no_free_connection_is_told_so_in_time(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    film_id = await written(client, f"Held Fast {uuid.uuid4().hex[:8]}")
    patch = {
        "token": await client.admin_token(),
        "headers": {"If-Match": "*"},
        "json": {"plot": "new"},
    }
    held = await sound.direct.connect()
    began = time.monotonic()
    try:
        async with held.transaction():
            await held.execute(f"SELECT 1 FROM films WHERE id = '{film_id}' FOR UPDATE")
            waiting = [
                client.request("PATCH", f"/api/v1/movies/{film_id}", **patch)
                for _ in range(WORKERS * POSTGRES_POOL_SIZE * 3)
            ]
            answers = await asyncio.gather(*waiting)
    finally:
        await held.close()
    took = time.monotonic() - began
    assert all(told_why(answer) for answer in answers), {answer.status for answer in answers}
    assert took < REQUEST_TIMEOUT
    after = await client.request("PATCH", f"/api/v1/movies/{film_id}", **patch)
    assert after.status == 200
    observations.add(f"{len(answers)} writes of one locked film: 503 for all within {took:.1f} s")
    observations.confirm("I7")


@pytest.mark.fault("postgres-pool-exhausted")
async def test_who_waits_for_a_turn_to_add_a_film_keeps_nobody_from_reading(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    assert await wait_until(lambda: shows_jaws(client))
    held = await sound.direct.connect()
    try:
        async with held.transaction():
            await held.execute("SELECT pg_advisory_xact_lock($1)", INSERT_LOCK_KEY)
            adding = [
                asyncio.create_task(add(client, {"title": f"Queued {uuid.uuid4().hex}"}))
                for _ in range(WORKERS * POSTGRES_POOL_SIZE * 3)
            ]
            await wait_until(lambda: sound.direct.value(WAITING))
            for _ in range(20):
                assert await shows_jaws(client)
            answers = await asyncio.gather(*adding)
    finally:
        await held.close()
    assert all(told_why(answer) for answer in answers), {answer.status for answer in answers}
    observations.add(
        f"{len(answers)} waited for a lock and got 503; films were shown and found meanwhile"
    )


@pytest.mark.fault("postgres-pool-exhausted")
async def test_who_adds_a_film_waits_for_those_alone_who_add_the_same(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    slow, quick = (f"{name} {uuid.uuid4().hex[:8]}" for name in ("Slow", "Quick"))
    held = await sound.direct.connect()
    try:
        async with held.transaction():
            for name in lock_keys(FilmFacts(title=slow)):
                await held.execute("SELECT pg_advisory_xact_lock($1)", name)
            waits = asyncio.create_task(add(client, {"title": slow}))
            await wait_until(lambda: sound.direct.value(HOLDS))
            for number in range(20):
                assert (await add(client, {"title": f"{quick} {number}"})).status == 201
            assert told_why(await waits)
    finally:
        await held.close()
    assert (await add(client, {"title": slow})).status == 201
    observations.add("while one waited to be added and was refused in time, 20 others were added")


async def shows_jaws(client: ApiClient) -> bool:
    """Whether a film is shown and found, with nothing kept from before."""
    found = await client.search(f"jaws {uuid.uuid4().hex[:3]}", limit=2)
    shown = await client.get("/api/v1/movies/tt0073195")
    return (found.status, shown.status) == (200, 200)


@pytest.mark.fault("transaction-conflict")
async def test_a_transaction_that_loses_a_deadlock_is_tried_again(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    title = f"Deadlocked {uuid.uuid4().hex[:8]}"
    first = await written(client, title)
    counted = (
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        " AND pg_stat_clear_snapshot() IS NOT NULL"
    )
    before = await sound.direct.value(counted)
    held = await sound.direct.connect()
    try:
        await held.execute("SET deadlock_timeout = '60s'")  # so that the service is the one to lose
        async with held.transaction():
            await held.execute(f"SELECT 1 FROM films WHERE id = '{first}' FOR UPDATE")
            asked = asyncio.create_task(add(client, {"title": title, "year": 1999}))
            await wait_until(lambda: sound.direct.value(HOLDS), interval=0.02)
            await held.execute("SELECT pg_advisory_xact_lock($1)", INSERT_LOCK_KEY, timeout=60)
        made = await asked
    finally:
        await held.close()
    assert made.status == 201, made.json

    async def noted() -> bool:
        return bool(await sound.direct.value(counted) > before)

    assert await wait_until(noted)
    observations.add("the loser of a deadlock was tried again, and written")


@pytest.mark.fault("transaction-conflict")
async def test_a_transaction_that_always_loses_is_given_up_and_told(
    client: ApiClient, sound: Beset, observations: Observations
) -> None:
    title = f"Never Serializable {uuid.uuid4().hex[:8]}"
    async with meddling(sound):
        answer = await add(client, {"title": title})
        tries = await sound.direct.value("SELECT last_value FROM tried")
    assert told_why(answer), answer
    assert tries == 1 + MAX_CONFLICT_RETRIES
    assert (await add(client, {"title": title})).status == 201
    await sound.invariants.hold()
    observations.add(f"always losing: {tries} tries, then 503")
    observations.confirm("I3", "I5")
