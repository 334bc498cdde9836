"""Exports: one at a time for each user, made by one indexer, kept for a week."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import orjson
import pytest
from structlog.testing import capture_logs

from service.accounts.deletion.erasure import erase_account
from service.accounts.models import ApiKey, Session
from service.accounts.personal_data import ExportPart, Row, read_pages
from service.accounts.responses import UserView
from service.audit.actor import begin_request, identify_actor
from service.audit.log import AuditAction, Subject, record
from service.errors import Conflict, NotFound, TooMany
from service.exports import jobs
from service.exports.archive import ArchiveLimits
from service.exports.jobs import LEASE_MS, MAX_ATTEMPTS, RETENTION_MS, RETRY_DELAY_MS
from service.exports.models import Export, ExportChunk
from service.exports.service import MIN_INTERVAL, Exports
from service.mail import outbox
from tests.support.accounts import ADDRESS, OTHER_ADDRESS, AccountActions
from tests.support.clock import FakeClock
from tests.support.exports import (
    create_worker,
    make_part,
    read_archive,
    read_json,
    read_table,
    unpack,
)


async def record_as(actor: UserView, address: str, action: AuditAction, subject: Subject) -> None:
    """Record an action of this user; runs in a task, whose actor is its own."""
    begin_request(address)
    identify_actor(actor.id, actor.username)
    await record(action, subject, why="a test")


async def test_an_export_has_all_of_ones_own_and_nothing_of_others(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada, bob = await users.create_user("ada"), await users.create_user("bob")
    await users.log_in("ada")
    await users.log_in("bob")
    key = await ApiKey.create(
        digest="a hash of a key",
        user_id=ada.id,
        name="player",
        scopes="read,write",
        ending="x7Qz",
        created_at=clock(),
    )
    await outbox.enqueue("reset_password", "ada@example.org", "de", clock.epoch_ms())
    await outbox.enqueue("reset_password", "bob@example.org", "en", clock.epoch_ms())
    view = await exports.request(ada.id)
    assert view.state == "pending"
    assert await create_worker(clock).make_due() == 1
    export = await exports.get(ada.id, str(view.id))
    archive = await read_archive(export)
    assert len(archive) == export.size_bytes
    files = unpack(archive)
    [account] = read_json(files, "account")
    assert (account["id"], account["username"]) == (str(ada.id), "ada")
    assert (account["email"], account["created_at"]) == ("ada@example.org", "2026-05-04T12:00:00Z")
    [session] = read_json(files, "sessions")
    assert (session["address"], session["client"]) == (ADDRESS, None)
    [mail] = read_json(files, "mails")
    assert (mail["recipient"], mail["kind"]) == ("ada@example.org", "reset_password")
    [exported_key] = read_json(files, "keys")
    assert (exported_key["name"], exported_key["scopes"]) == ("player", ["read", "write"])
    assert read_table(files, "keys")[0]["scopes"] == "read; write"
    assert read_table(files, "account")[0]["username"] == "ada"
    assert read_table(files, "sessions")[0]["client"] == ""
    assert read_json(files, "invites") == read_table(files, "invites") == []
    manifest = orjson.loads(files["export.json"])
    assert manifest["account_id"] == str(ada.id)
    assert manifest["rows"]["sessions"] == 1
    everything = b"".join(files.values())
    row = await Session.get(user_id=ada.id)
    for secret in (row.digest, key.digest, str(bob.id), "bob@example.org", "argon2"):
        assert secret.encode() not in everything


async def test_an_export_has_the_audit_log_of_ones_own_account_without_who_else_acted(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada, root = await users.create_user("ada"), await users.create_user("root", admin=True)
    account = Subject("account", ada.id, "ada")
    for actor, address, action, subject in (
        (ada, ADDRESS, "password_changed", account),
        (root, OTHER_ADDRESS, "account_disabled", account),
        (root, OTHER_ADDRESS, "account_promoted", Subject("account", root.id, "root")),
    ):
        await asyncio.create_task(record_as(actor, address, action, subject))
    view = await exports.request(ada.id)
    await create_worker(clock).make_due()
    files = unpack(await read_archive(await exports.get(ada.id, str(view.id))))
    events = {str(row["action"]): row for row in read_json(files, "events")}
    changed, disabled = events["password_changed"], events["account_disabled"]
    assert (changed["by_self"], changed["address"]) == (True, ADDRESS)
    assert (disabled["by_self"], disabled["address"]) == (False, None)
    assert disabled["details"] == {"why": "a test"}
    assert "account_promoted" not in events
    for foreign in ("root", str(root.id), OTHER_ADDRESS):
        assert foreign.encode() not in files["events.json"] + files["events.csv"]
    assert read_table(files, "events")[-1]["details"] == '{"why":"a test"}'


async def test_an_export_of_somebody_else_is_as_unknown_as_none(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada, bob = await users.create_user("ada"), await users.create_user("bob")
    view = await exports.request(ada.id)
    await create_worker(clock).make_due()
    for export_id in (str(view.id), str(ada.id), "no-uuid"):
        with pytest.raises(NotFound) as error:
            await exports.get(bob.id, export_id)
        assert error.value.code == "export_not_found"
    assert await exports.list_exports(bob.id) == []
    assert [entry.id for entry in await exports.list_exports(ada.id)] == [view.id]


async def test_of_requests_at_once_one_makes_an_export(
    users: AccountActions, exports: Exports
) -> None:
    ada = await users.create_user("ada")
    results = await asyncio.gather(
        *(exports.request(ada.id) for _ in range(6)), return_exceptions=True
    )
    errors = [result.code for result in results if isinstance(result, Conflict)]
    assert errors == ["export_running"] * 5
    assert await Export.all().count() == 1


async def test_a_new_export_replaces_the_one_before_after_some_minutes(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    first = await exports.request(ada.id)
    await create_worker(clock).make_due()
    with pytest.raises(TooMany) as error:
        await exports.request(ada.id)
    assert (error.value.code, error.value.retry_after) == ("export_too_soon", 300)
    clock.advance(MIN_INTERVAL.total_seconds())
    second = await exports.request(ada.id)
    with pytest.raises(NotFound):
        await exports.get(ada.id, str(first.id))
    await create_worker(clock).make_due()
    assert {chunk.export_id for chunk in await ExportChunk.all()} == {second.id}


async def test_an_archive_is_deleted_after_a_week(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    view = await exports.request(ada.id)
    await create_worker(clock).make_due()
    clock.advance_ms(RETENTION_MS - 1)
    await jobs.purge(clock.epoch_ms())
    assert (await exports.get(ada.id, str(view.id))).failure is None
    clock.advance_ms(1)
    with pytest.raises(NotFound):
        await exports.get(ada.id, str(view.id))
    clock.advance_ms(1)
    await jobs.purge(clock.epoch_ms())
    assert not await Export.all().exists()
    assert not await ExportChunk.all().exists()


async def test_an_erased_account_takes_its_archive_along(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)
    await create_worker(clock).make_due()
    assert await ExportChunk.all().exists()
    await erase_account(ada.id, ())
    assert not await Export.all().exists()
    assert not await ExportChunk.all().exists()


async def test_several_workers_make_each_export_once(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    for number in range(8):
        await exports.request((await users.create_user(f"reader{number}")).id)
    workers = [create_worker(clock, f"{number}") for number in range(3)]
    assert sum(await asyncio.gather(*(worker.make_due() for worker in workers))) == 8
    finished = await Export.all()
    assert {(export.attempts, export.owner, export.failure) for export in finished} == {
        (1, None, None)
    }
    for export in finished:
        [account] = read_json(unpack(await read_archive(export)), "account")
        assert account["id"] == str(export.user_id)


async def test_a_worker_that_lost_its_lease_publishes_nothing(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    """Frozen while it reads, it goes on after another one has made the export."""
    ada = await users.create_user("ada")
    view = await exports.request(ada.id)
    is_frozen, resume = asyncio.Event(), asyncio.Event()

    async def read_slowly(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
        is_frozen.set()
        await resume.wait()
        yield [{"title": "late"}]

    late = create_worker(clock, "late", [ExportPart("films", ("title",), read_slowly)])
    task = asyncio.create_task(late.make_due())
    await is_frozen.wait()
    assert await create_worker(clock, "other").make_due() == 0, "the lease holds"
    clock.advance_ms(LEASE_MS)
    other = create_worker(clock, "other", [make_part([[{"title": "in time"}]])])
    assert await other.make_due() == 1
    resume.set()
    assert await task == 1
    export = await exports.get(ada.id, str(view.id))
    assert read_json(unpack(await read_archive(export)), "films") == [{"title": "in time"}]


async def test_an_account_that_is_erased_while_it_is_exported_leaves_nothing(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)

    async def erase(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
        await erase_account(user_id, ())
        yield [{"title": "Jaws"}]

    worker = create_worker(clock, parts=[ExportPart("films", ("title",), erase)])
    with capture_logs() as lines:
        assert await worker.make_due() == 1
    assert [line["event"] for line in lines] == ["account_erased", "export_lost"]
    assert not await ExportChunk.all().exists()


async def test_a_part_that_fails_is_tried_again_and_then_given_up(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)

    async def fail(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
        yield [{"title": "Jaws"}]
        raise ValueError("the films cannot be read")

    worker = create_worker(clock, parts=[ExportPart("films", ("title",), fail)])
    for _ in range(MAX_ATTEMPTS):
        assert await worker.make_due() == 1
        assert await worker.make_due() == 0
        clock.advance_ms(RETRY_DELAY_MS)
    [view] = await exports.list_exports(ada.id)
    assert (view.state, view.failure) == ("failed", "error")
    assert (await exports.request(ada.id)).state == "pending", (
        "a failed one may be replaced at once"
    )


@pytest.mark.parametrize(
    "limits", [ArchiveLimits(archive_bytes=200), ArchiveLimits(unpacked_bytes=200)]
)
async def test_an_archive_beyond_a_limit_is_given_up(
    users: AccountActions, exports: Exports, clock: FakeClock, limits: ArchiveLimits
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)
    pages = [[{"title": f"film {number}"}] for number in range(1000)]
    assert await create_worker(clock, parts=[make_part(pages)], limits=limits).make_due() == 1
    [view] = await exports.list_exports(ada.id)
    assert (view.state, view.failure) == ("failed", "too_large")


async def test_an_archive_of_many_pages_and_pieces_is_complete_in_bounded_memory(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    view = await exports.request(ada.id)

    async def read_many(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
        for page in range(200):
            # Hashes of numbers, which cannot be compressed well.
            yield [
                {"number": page * 100 + n, "text": str(pow(7, 1_000 + page * 100 + n, 1 << 900))}
                for n in range(100)
            ]

    worker = create_worker(clock, parts=[ExportPart("numbers", ("number", "text"), read_many)])
    tracemalloc.start()
    try:
        assert await worker.make_due() == 1
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    export = await exports.get(ada.id, str(view.id))
    assert export.size_bytes is not None
    assert export.size_bytes > 4_000_000
    assert peak_bytes < export.size_bytes
    files = unpack(await read_archive(export))
    rows, table = read_json(files, "numbers"), read_table(files, "numbers")
    assert [row["number"] for row in rows] == list(range(20_000))
    assert [row["text"] for row in rows] == [row["text"] for row in table]


async def test_a_table_disarms_formulas_and_the_json_has_the_text_as_it_is(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    view = await exports.request(ada.id)
    text = '=HYPERLINK("https://evil.example";"Jaws")\nnext, "line"'
    worker = create_worker(clock, parts=[make_part([[{"title": text, "score": -1}]])])
    await worker.make_due()
    files = unpack(await read_archive(await exports.get(ada.id, str(view.id))))
    assert read_json(files, "films") == [{"title": text, "score": -1}]
    assert read_table(files, "films") == [{"title": f"'{text}", "score": "-1"}]


async def test_a_worker_that_stops_returns_its_export_without_an_attempt(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)
    started, stop = asyncio.Event(), asyncio.Event()

    async def read_forever(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
        started.set()
        await asyncio.Event().wait()
        yield []

    worker = create_worker(clock, parts=[ExportPart("films", ("title",), read_forever)])
    task = asyncio.create_task(worker.run(stop))
    await started.wait()
    [view] = await exports.list_exports(ada.id)
    assert view.state == "running"
    stop.set()
    await task
    export = await Export.get()
    assert (export.owner, export.attempts, export.finished_at) == (None, 0, None)
    assert await create_worker(clock, "other").make_due() == 1


async def test_a_worker_that_stops_once_its_export_is_made_keeps_the_archive(
    users: AccountActions, exports: Exports, clock: FakeClock
) -> None:
    ada = await users.create_user("ada")
    await exports.request(ada.id)
    job = await jobs.claim("one", clock.epoch_ms())
    assert job is not None
    await jobs.store_chunk(job, 0, b"archive")
    await jobs.finish(job, 7, clock.epoch_ms())
    await jobs.release(job)
    await jobs.fail(job, "error", clock.epoch_ms())
    export = await Export.get()
    assert (export.failure, await read_archive(export)) == (None, b"archive")


async def test_rows_are_read_in_pages_that_miss_none(
    users: AccountActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.accounts.personal_data.PAGE_ROWS", 3)
    ada = await users.create_user("ada")
    for _ in range(7):
        await users.log_in("ada")
    sessions = Session.filter(user_id=ada.id)
    pages = [page async for page in read_pages(sessions, lambda row: {"id": row.id})]
    assert [len(page) for page in pages] == [3, 3, 1]
    ids = {row["id"] for page in pages for row in page}
    assert ids == set(await Session.all().values_list("id", flat=True))
