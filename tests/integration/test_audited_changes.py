"""Every change of films, of the index and of mails that an admin makes is in the audit log once."""

import contextlib

import pytest

from service.audit.models import AuditEntry
from service.clock import epoch_ms, utc_now
from service.errors import Conflict, DomainError, NotFound
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch, Provenance
from service.indexing.drift_requests import request_check
from service.indexing.models import ReindexJob, Step
from service.indexing.outbox_admin import OutboxAdmin
from service.indexing.reindex_jobs import ReindexJobs
from service.mail import outbox as mail_outbox
from service.mail.admin import MailAdmin
from service.mail.models import Mail
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier


async def _take_entries() -> list[tuple[str, str | None]]:
    """Return each recorded action and the id of its subject, the oldest first; forget them."""
    entries = await AuditEntry.all().order_by("at", "id")
    await AuditEntry.all().delete()
    return [(entry.action, entry.subject_id) for entry in entries]


async def _add(catalogue: Catalogue, title: str) -> Film:
    film = await catalogue.add(FilmFacts(title=title))
    assert await _take_entries() == [("film_added", str(film.id))]
    return film


async def test_writes_of_a_film_are_recorded_and_refused_ones_are_not(
    catalogue: Catalogue,
) -> None:
    film = await _add(catalogue, "Jaws")
    film_id = str(film.id)
    with pytest.raises(Conflict):
        await catalogue.add(FilmFacts(title="Jaws"))
    await catalogue.update(film_id, None, FilmPatch(title="Jaws"))
    assert await _take_entries() == []
    await catalogue.update(film_id, None, FilmPatch(year=1975, plot="A shark."))
    changed = await AuditEntry.get()
    assert sorted(changed.details["fields"]) == ["plot", "year"]
    await catalogue.replace(film_id, None, FilmFacts(title="Jaws 2"))
    await catalogue.delete(film_id, None)
    with pytest.raises(NotFound):
        await catalogue.delete(film_id, None)
    assert await _take_entries() == [
        ("film_changed", film_id),
        ("film_changed", film_id),
        ("film_deleted", film_id),
    ]


async def test_films_of_look_ups_and_imports_are_not_recorded_one_by_one(
    catalogue: Catalogue,
) -> None:
    await catalogue.upsert(FilmFacts(title="Jaws"), Provenance(source="omdb"))
    await catalogue.upsert(FilmFacts(title="Alien"), Provenance(source="sample"))
    assert await _take_entries() == []
    assert await catalogue.remove_samples() == 1
    assert await _take_entries() == [("samples_removed", None)]
    assert await catalogue.remove_samples() == 0
    assert await _take_entries() == []


async def test_a_merge_names_both_films(catalogue: Catalogue, notifier: OutboxNotifier) -> None:
    merged, film = await _add(catalogue, "Heat!"), await _add(catalogue, "Heat")
    merger = FilmMerger(catalogue, notifier, utc_now)
    with pytest.raises(DomainError):
        await merger.merge(str(film.id), str(film.id))
    await merger.merge(str(merged.id), str(film.id))
    entry = await AuditEntry.get()
    assert (entry.action, entry.subject_id) == ("film_merged", str(merged.id))
    assert (entry.subject_name, entry.details) == ("Heat!", {"into": str(film.id)})


async def test_films_that_are_indexed_again_are_recorded(
    catalogue: Catalogue, notifier: OutboxNotifier
) -> None:
    admin = OutboxAdmin(catalogue, notifier)
    film = await _add(catalogue, "Jaws")
    pointer = await admin.reindex_film(str(film.id))
    await admin.retry(str(pointer.id))
    await Outbox.filter(id=pointer.id).update(done_at=1)
    with pytest.raises(Conflict):
        await admin.retry(str(pointer.id))
    assert await _take_entries() == [
        ("film_reindexed", str(film.id)),
        ("outbox_retried", str(pointer.id)),
    ]


async def test_rebuilds_rollbacks_and_comparisons_are_recorded(database: str) -> None:
    jobs = ReindexJobs(utc_now)
    job = await jobs.request()
    with pytest.raises(Conflict):
        await jobs.request()
    await jobs.cancel(job.id)
    with pytest.raises(Conflict):
        await jobs.cancel(job.id)
    assert await _take_entries() == [("reindex_requested", job.id), ("reindex_cancelled", job.id)]
    await ReindexJob.filter(id=job.id).update(state=Step.DONE, previous_name="movies-before")
    rollback = await jobs.request_rollback()
    await request_check(repair=True)
    assert await _take_entries() == [
        ("rollback_requested", rollback.id),
        ("drift_check_requested", None),
    ]


async def test_the_retry_of_a_mail_is_recorded_without_its_address(database: str) -> None:
    recipient = "ada@films.example"
    await mail_outbox.enqueue("password_changed", recipient, "en", epoch_ms(utc_now()))
    mail = await Mail.get()
    await MailAdmin().retry(str(mail.id))
    await Mail.filter(id=mail.id).update(sent_at=1)
    with contextlib.suppress(Conflict):
        await MailAdmin().retry(str(mail.id))
    assert recipient not in str(await AuditEntry.all().values())
    assert await _take_entries() == [("mail_retried", str(mail.id))]
