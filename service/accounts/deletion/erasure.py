"""Erase accounts: the one way in which an account leaves the database.

Rows of the account go with it by ON DELETE CASCADE. What refers to it otherwise is erased by the
hooks of `PersonalData`, and mails to its addresses are deleted, also those not sent yet.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog
from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from service.accounts.administration.admins import require_other_admin
from service.accounts.models import User
from service.accounts.personal_data import PersonalData
from service.accounts.schemas import spell_addresses
from service.audit.log import Subject, forget_account, record
from service.database.faults import is_database_fault
from service.database.transactions import run_uncancelled
from service.mail import outbox

log = structlog.get_logger()

ANY_STATE = Q()


@run_uncancelled
async def erase_account(
    user_id: UUID, personal_data: Sequence[PersonalData], condition: Q = ANY_STATE
) -> bool:
    """Delete an account and all that is stored about its owner; return False if there is none.

    Its name and address are free afterwards. Entries of the audit log stay without
    them until they expire.
    Callers may run this in a transaction of their own.

    Args:
        personal_data: what the packages hold, as `service.server.personal_data` lists it.
        condition: what must still be true of the user.

    Raises:
        Conflict: `last_admin`.
    """
    async with in_transaction():
        await require_other_admin(user_id)
        # The version rises, so that a login in progress fails, and the row is locked.
        doomed = User.filter(condition, id=user_id)
        if not await doomed.update(token_version=F("token_version") + 1):
            return False
        user = await User.get(id=user_id)
        for data in personal_data:
            await data.erase(user_id)
        await outbox.delete_of_account(user_id, spell_addresses(user))
        await user.delete()
        await record("account_erased", Subject("account", user_id))
        await forget_account(user_id)
    log.info("account_erased", user_id=str(user_id))
    return True


async def erase_accounts(condition: Q, personal_data: Sequence[PersonalData]) -> int:
    """Erase each account that meets `condition`, one after the other; return their number.

    One that cannot be erased is logged, and stops no other.
    """
    count = 0
    for user in await User.filter(condition).only("id"):
        try:
            count += await erase_account(user.id, personal_data, condition)
        except Exception as error:
            if is_database_fault(error):
                raise
            log.error("account_not_erased", user_id=str(user.id), exc_info=error)
    return count
