"""How many mails strangers can have sent to one address, so that none fills a mailbox.

What is refused looks like what is sent; otherwise the difference would tell who has an account.
"""

from datetime import datetime, timedelta

from service.accounts.models import User
from service.accounts.schemas import fold_name
from service.clock import epoch_ms
from service.mail import outbox
from service.mail.base import Language, MailKind

MIN_MAIL_INTERVAL = timedelta(minutes=1)  # between two mails of a kind to one address
MIN_UNPROVEN_INTERVAL = timedelta(days=1)  # the same, for notices to an address nobody confirmed
MAX_MAILS_PER_DAY = 5  # of a kind, to one address


async def is_mail_allowed(
    kind: MailKind, recipient: str, now: datetime, min_interval: timedelta = MIN_MAIL_INTERVAL
) -> bool:
    """Return whether another mail of this kind may be sent to the folded address.

    Args:
        min_interval: since the mail before; none where each mail is about another account, since
            a stranger's could come right before the one that the recipient waits for.
    """
    a_day_ago = epoch_ms(now - timedelta(days=1))
    if await outbox.count_enqueued([kind], recipient, a_day_ago) >= MAX_MAILS_PER_DAY:
        return False
    return not await outbox.count_enqueued([kind], recipient, epoch_ms(now - min_interval))


async def send_notice(kind: MailKind, user: User, language: Language, now: datetime) -> None:
    """Tell the user, at the address that `user` has, that something about the account changes.

    An address that nobody has confirmed may be a bystander's, in any spelling: it gets few notices.
    """
    if user.email is None:
        return
    is_proven = user.confirmed_at is not None
    recipient = user.email if is_proven else fold_name(user.email)
    min_interval = MIN_MAIL_INTERVAL if is_proven else MIN_UNPROVEN_INTERVAL
    if await is_mail_allowed(kind, recipient, now, min_interval):
        await outbox.enqueue(kind, recipient, language, epoch_ms(now), user.id)
