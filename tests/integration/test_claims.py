"""Claims with SKIP LOCKED, under the plan that PostgreSQL makes for a table with one known row.

It then runs the subquery once per row, and the row that the statement has already changed is
skipped like a locked one: without care, a claim of one row leases two.
"""

from uuid import uuid4

from service.accounts.models import User
from service.clock import utc_now
from service.database.connection import get_connection, is_postgres
from service.exports import jobs as export_jobs
from service.exports.models import Export
from service.mail import outbox as mail_outbox
from service.mail.models import Mail
from service.outbox import store
from service.outbox.models import Outbox
from tests.support.mails import enqueue_mail

NOW_MS = 1_000


async def analyze(table: str) -> None:
    """Have PostgreSQL plan with the rows of `table` as they are now."""
    if is_postgres():
        await get_connection().execute_query(f"VACUUM (ANALYZE) {table}")


async def create_user(name: str) -> User:
    return await User.create(
        username=name,
        username_folded=name,
        password_hash="",
        created_at=utc_now(),
        updated_at=utc_now(),
    )


async def test_a_claim_leases_one_mail_whatever_the_plan(database: str) -> None:
    for number in range(4):
        await enqueue_mail(NOW_MS, f"reader{number}@films.example")
        if number == 0:
            await analyze("mails")
    for number in range(4):
        mail = await mail_outbox.claim("one", NOW_MS)
        assert mail is not None
        assert await Mail.filter(due_at__gt=NOW_MS).count() == number + 1
    assert await mail_outbox.claim("one", NOW_MS) is None


async def test_a_claim_leases_one_export_whatever_the_plan(database: str) -> None:
    for number in range(4):
        user = await create_user(f"reader{number}")
        await Export.create(user_id=user.id, created_at=NOW_MS)
        if number == 0:
            await analyze("exports")
    for number in range(4):
        assert await export_jobs.claim("one", NOW_MS) is not None
        assert await Export.filter(due_at__gt=NOW_MS).count() == number + 1
    assert await export_jobs.claim("one", NOW_MS) is None


async def test_a_claim_of_pointers_keeps_its_limit_whatever_the_plan(database: str) -> None:
    film_id = uuid4()
    for number in range(4):
        await store.append_pointers([(film_id, number + 1, "film")], NOW_MS)
        if number == 0:
            await analyze("outbox")
    for number in range(4):
        pointers = await store.claim_pointers("one", 1, NOW_MS)
        assert [pointer.version for pointer in pointers] == [number + 1]
        assert await Outbox.filter(due_at__gt=NOW_MS).count() == number + 1
