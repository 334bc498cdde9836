"""What a probe is told: which parts work, and what to do about those that do not."""

import asyncio
from datetime import timedelta

from service.admin import health
from service.admin.health import Health
from service.clock import utc_now
from service.database import sql
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from service.outbox import store
from service.outbox.models import Outbox


async def works() -> str:
    return "it works"


async def test_every_part_is_asked_and_one_that_fails_takes_nothing_out_of_rotation(
    database: str,
) -> None:
    async def refuses() -> str:
        raise Unavailable("mend it so")

    async def hangs() -> str:
        await asyncio.Event().wait()
        return "never"

    async def breaks() -> str:
        raise ZeroDivisionError("a secret detail")

    checks = {"search": refuses, "cache": hangs, "posters": breaks, "omdb": works}
    found = await Health(checks, utc_now).readiness(timeout=0.2)
    assert found.status == "degraded"
    details = {name: part.detail for name, part in found.parts.items()}
    assert details["search"] == "mend it so"
    assert details["cache"] == "no answer within 0.2 s"
    assert details["posters"] == "does not answer (ZeroDivisionError)"
    assert found.parts["database"].state == found.parts["omdb"].state == "ok"


async def test_a_crowd_of_probes_costs_one_round(database: str) -> None:
    asked = []

    async def counts() -> str:
        asked.append(1)
        return "ok"

    one = Health({"search": counts}, utc_now)
    states = await asyncio.gather(*(one.readiness() for _ in range(50)))
    assert {state.status for state in states} == {"ready"}
    assert len(asked) == 1


async def test_changes_that_nobody_indexes_are_told(database: str, catalogue: Catalogue) -> None:
    await catalogue.add(FilmFacts(title="Jaws"))
    await catalogue.add(FilmFacts(title="Jaws 2"))
    await Outbox.filter(id__gt=0).update(
        created_at=int((utc_now() - timedelta(minutes=5)).timestamp() * 1000)
    )
    [first, _] = await Outbox.all().order_by("id")
    await store.quarantine([first.id], 1, "not today")
    part = (await Health({}, utc_now).readiness()).parts["indexer"]
    assert part.state == "failed"
    assert "1 films waiting, 1 set aside" in part.detail
    assert "is an indexer running?" in part.detail


async def test_a_schema_of_another_release_is_told_and_takes_it_out_of_rotation(
    database: str,
) -> None:
    newest = health.LATEST_MIGRATION
    renamed = "UPDATE tortoise_migrations SET name = $1 WHERE name = $2"
    await sql.fetch_rows(renamed, f"{newest}_but_not_yet", newest)
    try:
        found = await Health({"search": works}, utc_now).readiness()
    finally:
        await sql.fetch_rows(renamed, newest, f"{newest}_but_not_yet")
    assert found.status == "unavailable"
    assert "run `movies migrate`" in found.parts["database"].detail
    assert (await Health({"search": works}, utc_now).readiness()).status == "ready"
