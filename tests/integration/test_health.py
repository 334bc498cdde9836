"""Health checks: which parts work, and what to do about those that do not."""

import asyncio
from datetime import timedelta

from service.admin.health import Health
from service.clock import utc_now
from service.database import sql
from service.database.migrate import LATEST_MIGRATION
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from service.indexing.indexer_heartbeat import record_heartbeat
from service.indexing.models import IndexerHeartbeat
from service.outbox import store
from service.outbox.models import Outbox


async def succeed() -> str:
    return "it works"


async def test_every_part_is_checked_and_failures_of_optional_parts_only_degrade(
    database: str,
) -> None:
    async def raise_unavailable() -> str:
        raise Unavailable("mend it so")

    async def hang() -> str:
        await asyncio.Event().wait()
        return "never"

    async def raise_bug() -> str:
        raise ZeroDivisionError("a secret detail")

    await record_heartbeat("indexer-1")
    checks = {"search": raise_unavailable, "cache": hang, "posters": raise_bug, "omdb": succeed}
    readiness = await Health(checks, utc_now).readiness(timeout=5)
    assert readiness.status == "degraded"
    details = {name: part.detail for name, part in readiness.parts.items()}
    assert details["search"] == "mend it so"
    assert details["cache"] == "no answer within 5 s"
    assert details["posters"] == "the check failed; the log has the reason"
    assert readiness.parts["database"].state == readiness.parts["omdb"].state == "ok"


async def test_concurrent_probes_run_each_check_once(database: str) -> None:
    calls = []

    async def count_call() -> str:
        calls.append(1)
        return "ok"

    await record_heartbeat("indexer-1")
    health_checks = Health({"search": count_call}, utc_now)
    states = await asyncio.gather(*(health_checks.readiness() for _ in range(50)))
    assert {state.status for state in states} == {"ready"}
    assert len(calls) == 1


async def test_changes_that_no_worker_indexes_fail_the_indexer_check(
    database: str, catalogue: Catalogue
) -> None:
    await catalogue.add(FilmFacts(title="Jaws"))
    await catalogue.add(FilmFacts(title="Jaws 2"))
    await Outbox.filter(id__gt=0).update(
        created_at=int((utc_now() - timedelta(minutes=5)).timestamp() * 1000)
    )
    await record_heartbeat("indexer-1")
    [first, _] = await Outbox.all().order_by("id")
    await store.quarantine([first.id], 1, "not today")
    part = (await Health({}, utc_now).readiness()).parts["indexer"]
    assert part.state == "failed"
    assert "1 films waiting, 1 quarantined" in part.detail
    assert "read the indexer's log" in part.detail


async def test_an_indexer_that_does_not_run_fails_its_check_within_15_s(database: str) -> None:
    missing = (await Health({}, utc_now).readiness()).parts["indexer"]
    assert (missing.state, "no indexer has run yet" in missing.detail) == ("failed", True)
    await record_heartbeat("indexer-1")
    assert (await Health({}, utc_now).readiness()).parts["indexer"].state == "ok"
    await IndexerHeartbeat.all().update(beat_ms=await sql.now_ms() - 12_000)
    dead = (await Health({}, utc_now).readiness()).parts["indexer"]
    assert (dead.state, "no indexer has run for 12 s" in dead.detail) == ("failed", True)


async def test_a_schema_of_another_release_makes_the_service_unavailable(
    database: str,
) -> None:
    await record_heartbeat("indexer-1")
    newest = LATEST_MIGRATION
    renamed = "UPDATE tortoise_migrations SET name = $1 WHERE name = $2"
    await sql.fetch_rows(renamed, f"{newest}_but_not_yet", newest)
    try:
        readiness = await Health({"search": succeed}, utc_now).readiness()
    finally:
        await sql.fetch_rows(renamed, newest, f"{newest}_but_not_yet")
    assert readiness.status == "unavailable"
    assert "run `movies migrate`" in readiness.parts["database"].detail
    assert (await Health({"search": succeed}, utc_now).readiness()).status == "ready"
