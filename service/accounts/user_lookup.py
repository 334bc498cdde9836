"""Find an account by what somebody typed, whatever it is: it may be no name or address at all."""

import unicodedata

from tortoise.expressions import Q

from service.accounts.models import MAX_EMAIL_LENGTH, MAX_FOLDED_NAME_LENGTH, User
from service.accounts.schemas import fold_name

UNSTORABLE_CATEGORIES = frozenset({"Cc", "Cs"})  # no account has them, and PostgreSQL fails at NUL


async def find_user_by_name(text: str) -> User | None:
    """Return the account of this name, or None."""
    name = _fold(text, MAX_FOLDED_NAME_LENGTH)
    return None if name is None else await User.get_or_none(username_folded=name)


async def find_user_by_email(text: str) -> User | None:
    """Return the account of this address, or None."""
    email = _fold(text, MAX_EMAIL_LENGTH)
    return None if email is None else await User.get_or_none(email_folded=email)


async def find_user_by_name_or_email(text: str) -> User | None:
    """Return the account of this name or address, or None."""
    name, email = _fold(text, MAX_FOLDED_NAME_LENGTH), _fold(text, MAX_EMAIL_LENGTH)
    if email is None:
        return None
    condition = Q(email_folded=email)
    return await User.get_or_none(
        condition if name is None else condition | Q(username_folded=name)
    )


def _fold(text: str, maximum: int) -> str | None:
    """Return a text for comparisons, or None if a column of `maximum` characters cannot hold it."""
    if len(text) > MAX_EMAIL_LENGTH:  # folding a long text takes time quadratic in its length
        return None
    if any(unicodedata.category(char) in UNSTORABLE_CATEGORIES for char in text):
        return None
    folded = fold_name(text)
    return folded if len(folded) <= maximum else None
