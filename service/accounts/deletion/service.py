"""Delete one's own account: hidden at once, restored on request for a week, then erased.

Until then its row says when it is to be erased (`erase_at`). Nothing of it is visible, no session
or key works, and a login may only restore it. There is no mail at the end, since the address is
erased as well; the one at the beginning says when that will be.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from service.accounts.administration.admins import require_other_admin
from service.accounts.deletion.erasure import erase_accounts
from service.accounts.deletion.schemas import DeletionRequest, DeletionView
from service.accounts.emails.link_tokens import delete_unused_tokens
from service.accounts.emails.throttle import send_notice
from service.accounts.models import Session, User, account_subject
from service.accounts.passwords.own_password import OwnPassword, wrong_password_error
from service.accounts.personal_data import PersonalData
from service.accounts.sessions.tokens import Identity
from service.audit.log import record
from service.database.transactions import run_uncancelled
from service.errors import NotFound
from service.mail.base import Language

log = structlog.get_logger()

RESTORATION_PERIOD = timedelta(days=7)  # between the request and the erasure


class AccountDeletion:
    """Hides and restores accounts.

    Args:
        own_password: checks the password of who asks for a deletion.
        now: the clock, aware UTC.
        personal_data: what the packages hold.
    """

    def __init__(
        self,
        own_password: OwnPassword,
        now: Callable[[], datetime],
        personal_data: Sequence[PersonalData],
    ) -> None:
        self._own_password = own_password
        self._now = now
        self._personal_data = personal_data

    async def request(
        self, identity: Identity, deletion: DeletionRequest, address: str, language: Language
    ) -> DeletionView:
        """Hide the account, end all its sessions, and have it erased after a week.

        Args:
            address: the client's address, under which failures are counted.
            language: of the mail that tells the user.

        Raises:
            Invalid: `password_wrong`.
            Conflict: `last_admin`.
            TooMany: there were too many failures, or there are too many concurrent logins.
            NotAuthenticated: the user has just been deleted.
        """
        user = await self._own_password.verify(identity, deletion.password, address, "/password")
        erase_at = await self._hide(user, language, deletion.keep_reviews)
        log.info("deletion_requested", user_id=str(user.id))
        return DeletionView(erase_at=erase_at)

    @run_uncancelled
    async def _hide(self, user: User, language: Language, keep_reviews: bool) -> datetime:
        """Mark the account, and return when it is erased. Raises Conflict or Invalid."""
        now = self._now()
        erase_at = now + RESTORATION_PERIOD
        async with in_transaction():
            await require_other_admin(user.id)
            unchanged = User.filter(
                id=user.id, token_version=user.token_version, erase_at__isnull=True
            )
            is_marked = await unchanged.update(
                erase_at=erase_at,
                keep_reviews=keep_reviews,
                token_version=F("token_version") + 1,
                new_email=None,
                updated_at=now,
            )
            if not is_marked:
                raise wrong_password_error("/password")  # it was changed in between
            await Session.filter(user_id=user.id).delete()
            await delete_unused_tokens(user.id)
            for data in self._personal_data:
                await data.hide(user.id)
            await record("deletion_requested", account_subject(user))
            await send_notice("deletion_requested", user, language, now)
        return erase_at

    @run_uncancelled
    async def cancel(self, identity: Identity) -> None:
        """Restore the account of `identity`, with all that was hidden.

        Raises:
            NotFound: `deletion_not_found`, nobody asked for it, or its time is over.
        """
        now = self._now()
        async with in_transaction():
            pending = User.filter(id=identity.user_id, erase_at__gt=now)
            if not await pending.update(erase_at=None, updated_at=now):
                raise NotFound("The account is not to be deleted.", code="deletion_not_found")
            for data in self._personal_data:
                await data.restore(identity.user_id)
            await User.filter(id=identity.user_id).update(keep_reviews=False)
            await record("deletion_cancelled", account_subject(await User.get(id=identity.user_id)))
        log.info("deletion_cancelled", user_id=str(identity.user_id))


async def erase_due_accounts(
    now: Callable[[], datetime], personal_data: Sequence[PersonalData]
) -> None:
    """Erase the accounts whose time is over."""
    await erase_accounts(Q(erase_at__lte=now()), personal_data)
