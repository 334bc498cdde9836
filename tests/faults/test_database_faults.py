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
from tests.faults.conftest import WORKERS, ProxiedService, add_film, is_found
from tests.faults.invariants import assert_healed_in_time
from tests.faults.load import run_load, wait_for_answer
from tests.faults.parts import restart_backend
from tests.faults.plugin import Observations
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

CREATE_TRIGGER = """
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
SELECT_INSERT_LOCKS = (
    f"SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {INSERT_LOCK_KEY}"
)
SELECT_WAITING_LOCKS = f"{SELECT_INSERT_LOCKS} AND NOT granted"
DROP_TRIGGER = """
    DROP TRIGGER meddle ON films;
    DROP FUNCTION meddle;
    DROP SEQUENCE tried;
"""


@asynccontextmanager
async def commit_trigger(healthy: ProxiedService) -> AsyncIterator[None]:
    """Create a trigger that acts at the commit of films with certain titles."""
    await healthy.direct.execute(CREATE_TRIGGER)
    try:
        yield
    finally:
        await healthy.direct.execute(DROP_TRIGGER)


def is_database_unavailable(answer: Response) -> bool:
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
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    async with run_load(healthy.service, rate=40) as load:
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, 0)
        started_at = time.monotonic()
        for _ in range(5):
            ended = await healthy.direct.fetch_value(
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert ended > 0
            await asyncio.sleep(0.2)
        healed = time.monotonic()
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, healed)
        observations.add(f"all connections ended five times: {load.summarize_since(started_at)}")
    assert_healed_in_time(load.seconds_until_last_failure(healed))
    seconds = await healthy.invariants.wait_until_restored(load, healed)
    observations.add(
        f"the last refusal {load.seconds_until_last_failure(healed):.1f} s after the last of them"
    )
    observations.add(f"level {seconds:.0f} s later, without a restart of the service")
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.chaos
@pytest.mark.fault("postgres-connections-lost")
async def test_the_server_is_restarted_under_load(
    healthy: ProxiedService, observations: Observations
) -> None:
    born = healthy.service.log.read_text().count("child_started")
    async with run_load(healthy.service) as load:
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, 0)
        started_at = time.monotonic()
        await restart_backend("postgres")
        healed = time.monotonic()
        await wait_for_answer(load, lambda each: each.kind == "add" and each.status == 201, healed)
        await asyncio.sleep(5)
        observations.add(
            f"crashed and started again under load: {load.summarize_since(started_at)};"
            f" {load.describe_schedule()}"
        )
    assert_healed_in_time(load.seconds_until_last_failure(healed))
    seconds = await healthy.invariants.wait_until_restored(load, healed)
    observations.add(
        f"the last refusal {load.seconds_until_last_failure(healed):.1f} s after it was back"
    )
    assert healthy.service.log.read_text().count("child_started") == born
    observations.add(f"level {seconds:.0f} s later, without a restart of the service")
    observations.confirm("I1", "I2", "I3", "I4", "I5", "I7", "I8", "I9")


@pytest.mark.fault("commit-response-lost")
async def test_a_film_whose_commit_was_not_confirmed_is_added_once_when_tried_again(
    client: ApiClient, healthy: ProxiedService, observations: Observations
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
    async with commit_trigger(healthy):
        adding = asyncio.create_task(add(client, facts))
        await wait_until(lambda: healthy.direct.fetch_value(committing), interval=0.02)
        async with healthy.database.disabled():
            lost = await adding
            assert await wait_until(lambda: healthy.direct.fetch_value(f"SELECT COUNT(*) {where}"))
    assert is_database_unavailable(lost), lost
    again = await add(client, facts)
    assert (again.status, again.json["code"]) == (409, "movie_exists")
    film_id = await healthy.direct.fetch_value(f"SELECT id::text {where}")
    assert film_id in again.json["detail"]
    assert await wait_until(lambda: is_found(client, str(facts["title"]), film_id))
    pointers = f"SELECT COUNT(*) FROM outbox WHERE film_id = '{film_id}'"
    assert await healthy.direct.fetch_value(pointers) == 1
    await healthy.invariants.wait_until_restored()
    observations.add("503; the second try got 409 with the film's id; one row, one pointer")
    observations.confirm("I1", "I3", "I5")


@pytest.mark.fault("postgres-pool-exhausted")
async def test_who_finds_no_free_connection_is_told_so_in_time(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    film_id = await add_film(client, f"Held Fast {uuid.uuid4().hex[:8]}")
    patch = {
        "token": await client.admin_token(),
        "headers": {"If-Match": "*"},
        "json": {"plot": "new"},
    }
    blocker = await healthy.direct.connect()
    started_at = time.monotonic()
    try:
        async with blocker.transaction():
            await blocker.execute(f"SELECT 1 FROM films WHERE id = '{film_id}' FOR UPDATE")
            waiting = [
                client.request("PATCH", f"/api/v1/movies/{film_id}", **patch)
                for _ in range(WORKERS * POSTGRES_POOL_SIZE * 3)
            ]
            answers = await asyncio.gather(*waiting)
    finally:
        await blocker.close()
    seconds = time.monotonic() - started_at
    assert all(is_database_unavailable(answer) for answer in answers), {
        answer.status for answer in answers
    }
    assert seconds < REQUEST_TIMEOUT
    after = await client.request("PATCH", f"/api/v1/movies/{film_id}", **patch)
    assert after.status == 200
    observations.add(
        f"{len(answers)} writes of one locked film: 503 for all within {seconds:.1f} s"
    )
    observations.confirm("I7")


@pytest.mark.fault("postgres-pool-exhausted")
async def test_who_waits_for_a_turn_to_add_a_film_keeps_nobody_from_reading(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    assert await wait_until(lambda: shows_jaws(client))
    blocker = await healthy.direct.connect()
    try:
        async with blocker.transaction():
            await blocker.execute("SELECT pg_advisory_xact_lock($1)", INSERT_LOCK_KEY)
            adding = [
                asyncio.create_task(add(client, {"title": f"Queued {uuid.uuid4().hex}"}))
                for _ in range(WORKERS * POSTGRES_POOL_SIZE * 3)
            ]
            await wait_until(lambda: healthy.direct.fetch_value(SELECT_WAITING_LOCKS))
            for _ in range(20):
                assert await shows_jaws(client)
            answers = await asyncio.gather(*adding)
    finally:
        await blocker.close()
    assert all(is_database_unavailable(answer) for answer in answers), {
        answer.status for answer in answers
    }
    observations.add(
        f"{len(answers)} waited for a lock and got 503; films were shown and found meanwhile"
    )


@pytest.mark.fault("postgres-pool-exhausted")
async def test_who_adds_a_film_waits_for_those_alone_who_add_the_same(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    slow, quick = (f"{name} {uuid.uuid4().hex[:8]}" for name in ("Slow", "Quick"))
    blocker = await healthy.direct.connect()
    try:
        async with blocker.transaction():
            for name in lock_keys(FilmFacts(title=slow)):
                await blocker.execute("SELECT pg_advisory_xact_lock($1)", name)
            adding = asyncio.create_task(add(client, {"title": slow}))
            await wait_until(lambda: healthy.direct.fetch_value(SELECT_INSERT_LOCKS))
            for number in range(20):
                assert (await add(client, {"title": f"{quick} {number}"})).status == 201
            assert is_database_unavailable(await adding)
    finally:
        await blocker.close()
    assert (await add(client, {"title": slow})).status == 201
    observations.add("while one waited to be added and was refused in time, 20 others were added")


async def shows_jaws(client: ApiClient) -> bool:
    """Whether a film is shown and found, with nothing kept from before."""
    search = await client.search(f"jaws {uuid.uuid4().hex[:3]}", limit=2)
    shown = await client.get("/api/v1/movies/tt0073195")
    return (search.status, shown.status) == (200, 200)


@pytest.mark.fault("transaction-conflict")
async def test_a_transaction_that_loses_a_deadlock_is_tried_again(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    title = f"Deadlocked {uuid.uuid4().hex[:8]}"
    first = await add_film(client, title)
    deadlocks = (
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        " AND pg_stat_clear_snapshot() IS NOT NULL"
    )
    before = await healthy.direct.fetch_value(deadlocks)
    blocker = await healthy.direct.connect()
    try:
        # Make the service the one that detects the deadlock and loses.
        await blocker.execute("SET deadlock_timeout = '60s'")
        async with blocker.transaction():
            await blocker.execute(f"SELECT 1 FROM films WHERE id = '{first}' FOR UPDATE")
            adding = asyncio.create_task(add(client, {"title": title, "year": 1999}))
            await wait_until(lambda: healthy.direct.fetch_value(SELECT_INSERT_LOCKS), interval=0.02)
            await blocker.execute("SELECT pg_advisory_xact_lock($1)", INSERT_LOCK_KEY, timeout=60)
        response = await adding
    finally:
        await blocker.close()
    assert response.status == 201, response.json

    async def is_counted() -> bool:
        return bool(await healthy.direct.fetch_value(deadlocks) > before)

    assert await wait_until(is_counted)
    observations.add("the loser of a deadlock was tried again, and written")


@pytest.mark.fault("transaction-conflict")
async def test_a_transaction_that_always_loses_is_given_up_and_told(
    client: ApiClient, healthy: ProxiedService, observations: Observations
) -> None:
    title = f"Never Serializable {uuid.uuid4().hex[:8]}"
    async with commit_trigger(healthy):
        answer = await add(client, {"title": title})
        tries = await healthy.direct.fetch_value("SELECT last_value FROM tried")
    assert is_database_unavailable(answer), answer
    assert tries == 1 + MAX_CONFLICT_RETRIES
    assert (await add(client, {"title": title})).status == 201
    await healthy.invariants.wait_until_restored()
    observations.add(f"always losing: {tries} tries, then 503")
    observations.confirm("I3", "I5")
