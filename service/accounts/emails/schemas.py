"""Request bodies about e-mail addresses, passwords that are set anew, and invites."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from service.accounts.schemas import (
    STRICT_CONFIG,
    Email,
    NewPassword,
    Password,
    Profile,
    require_same_password,
)
from service.mail.base import Language

MAX_TOKEN_LENGTH = 200  # characters; ours have 43
MAX_INVITE_DAYS = 90

LinkToken = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=MAX_TOKEN_LENGTH,
        description="What follows `#token=` in the link of the mail.",
        examples=["bGluay10b2tlbi1vZi00My1jaGFyYWN0ZXJzLWluLWFsbA"],
    ),
]


class Confirmation(BaseModel):
    """The token of a mail that asks to confirm an address."""

    model_config = STRICT_CONFIG

    token: LinkToken


class AddressRequest(BaseModel):
    """An address that a mail is to be sent to."""

    model_config = STRICT_CONFIG

    email: Annotated[
        Email, Field(description="The e-mail address.", examples=["ada@films.example"])
    ]


class PasswordReset(BaseModel):
    """A new password, and the token of the mail that allows to set it."""

    model_config = STRICT_CONFIG

    token: LinkToken
    password: Annotated[
        NewPassword,
        Field(
            description="At least eight characters, and not easy to guess.",
            examples=["a longer battery, stapled"],
        ),
    ]
    confirm_password: Annotated[
        Password | None,
        Field(
            description="The password again, to detect typos.",
            examples=["a longer battery, stapled"],
        ),
    ] = None

    _check_confirmation = field_validator("confirm_password")(require_same_password)


class AccountChange(BaseModel):
    """What is to change in your own account."""

    model_config = STRICT_CONFIG

    email: Annotated[
        Email | None,
        Field(description="The new e-mail address.", examples=["ada@letters.example"]),
    ] = None
    current_password: Annotated[
        Password | None,
        Field(
            description="The current password, needed to change the address.",
            examples=["correct horse battery"],
        ),
    ] = None

    profile: Annotated[
        Profile | None,
        Field(
            description="Whether others see your profile: `private` or `public`.",
            examples=["public"],
        ),
    ] = None

    language: Annotated[
        Language | None,
        Field(
            description="The language of mails to you; null: that of the request that causes one.",
            examples=["de"],
        ),
    ] = None

    @model_validator(mode="after")
    def _check_password(self) -> "AccountChange":
        if self.email is not None and self.current_password is None:
            raise ValueError("current_password must be given to change the address")
        return self


class InviteRequest(BaseModel):
    """How long an invite lasts."""

    model_config = STRICT_CONFIG

    days: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_INVITE_DAYS,
            strict=True,
            description="Days until the invite expires.",
            examples=[7],
        ),
    ] = 7
