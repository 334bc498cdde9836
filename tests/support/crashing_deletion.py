"""A deletion of an account whose process kills itself by SIGKILL at a given moment."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from pydantic import SecretStr

from service.accounts.deletion import service
from service.accounts.deletion.schemas import DeletionRequest
from service.accounts.deletion.service import erase_due_accounts
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.personal_data import PersonalData
from service.accounts.service import AccountService
from service.accounts.sessions.tokens import SessionIdentity
from service.clock import utc_now
from service.database import connection
from service.mail import outbox
from service.server.personal_data import PERSONAL_DATA
from tests.support.accounts import ADDRESS, HASH_MEMORY, PASSWORD, SECRET

STEPS = {
    "request": ("hiding", "hidden", "notified", "committed"),
    "cancel": ("restoring", "committed"),
    "erase": ("erasing", "mails_deleted", "committed"),
}
"""Step → the moments of it. `committed` is right after the transaction."""


async def crash(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def run_and_crash(run: Callable[..., Awaitable[object]], *arguments: object) -> None:
    await run(*arguments)
    await crash()


def arrange_crash(moment: str) -> tuple[PersonalData, ...]:
    """Have the process die at `moment`; return what the packages hold, with a crash among it."""
    send_notice, delete_of_account = service.send_notice, outbox.delete_of_account
    record = service.record
    if moment == "hidden":
        service.record = lambda *args, **options: run_and_crash(record, *args)
    if moment == "notified":
        service.send_notice = lambda *args: run_and_crash(send_notice, *args)
    if moment == "mails_deleted":
        outbox.delete_of_account = lambda *args: run_and_crash(delete_of_account, *args)
    hook = {"hiding": "hide", "restoring": "restore", "erasing": "erase"}.get(moment)
    return (*PERSONAL_DATA, PersonalData(**{hook: crash})) if hook else PERSONAL_DATA


async def run(step: str, moment: str, database_url: str, user_id: UUID) -> None:
    await connection.open_database(database_url)
    data = arrange_crash(moment)
    identity = SessionIdentity(user_id, "ada", False, user_id, "", utc_now())
    accounts = AccountService(SECRET, PasswordHasher(HASH_MEMORY), utc_now, personal_data=data)
    if step == "request":
        body = DeletionRequest(password=SecretStr(PASSWORD))
        await accounts.deletion.request(identity, body, ADDRESS, "en")
    elif step == "cancel":
        await accounts.deletion.cancel(identity)
    else:
        await erase_due_accounts(lambda: utc_now() + timedelta(days=8), data)
    await crash()


if __name__ == "__main__":
    _, step, moment, database_url, user_id = sys.argv
    asyncio.run(run(step, moment, database_url, UUID(user_id)))
