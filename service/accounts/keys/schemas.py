"""The request body that makes an API key."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field

from service.accounts.models import MAX_KEY_NAME_LENGTH
from service.accounts.schemas import STRICT_CONFIG
from service.key_rules import KEY_SCOPES, KeyScope
from service.text.visibility import require_visible_character


def _validate_name(text: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text):
        raise ValueError("must not contain invisible characters")
    return require_visible_character(text)


def _require_text(value: object) -> object:
    if not isinstance(value, str | None):
        raise ValueError("must be a date and time as text")
    return value


def _convert_to_utc(time: datetime | None) -> datetime | None:
    """Return the time in UTC. Raises ValueError."""
    try:
        return time and time.astimezone(UTC)
    except OverflowError:  # the year 10,000 begins earlier elsewhere
        raise ValueError("must be a time that exists in UTC") from None


def _require_distinct(scopes: tuple[KeyScope, ...]) -> tuple[KeyScope, ...]:
    """Return the scopes in their usual order. Raises ValueError."""
    if len(set(scopes)) < len(scopes):
        raise ValueError("must not name a scope twice")
    return tuple(sorted(scopes, key=KEY_SCOPES.index))


class NewKey(BaseModel):
    """What an API key is for, and what it may do."""

    model_config = STRICT_CONFIG

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_KEY_NAME_LENGTH,
            description="What it is for, to tell it from your other keys.",
            examples=["media player in the living room"],
        ),
        AfterValidator(_validate_name),
    ]
    scopes: Annotated[
        tuple[KeyScope, ...],
        Field(
            min_length=1,
            description="What it may do. `read`: see films and what is yours; `write`: rate, "
            "review, keep history and watchlist; `lists`: change your lists; `admin`: what admins "
            "may do, while you are one.",
            examples=[["read", "write"]],
            json_schema_extra={"uniqueItems": True},
        ),
        AfterValidator(_require_distinct),
    ]
    expires_at: Annotated[
        AwareDatetime | None,
        Field(
            description="When it stops working, with its offset from UTC; by default never.",
            examples=["2027-11-27T20:00:00Z"],
        ),
        BeforeValidator(_require_text),
        AfterValidator(_convert_to_utc),
    ] = None
