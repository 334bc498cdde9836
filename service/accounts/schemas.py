"""Request bodies of accounts, validated before any work is done.

Names and addresses are compared in folded form: two names that differ only in case, or in how
their accents are encoded, would be two accounts that people cannot tell apart.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from service.accounts.models import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH, User
from service.accounts.names import require_visible_letters
from service.accounts.passwords import hashing
from service.errors import FieldError, Invalid
from service.mail_url import LOCAL_PART

STRICT_CONFIG = ConfigDict(frozen=True, extra="forbid")

PLAIN_WORDS = {
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length:,} characters",
    "string_unicode": "must be text that UTF-8 can encode",
}
"""What a name or password must be, in place of the validator's words."""

Profile = Literal["private", "public"]
MIN_NAME_LENGTH = 3  # characters
EMAIL_PATTERN = re.compile(
    LOCAL_PART + r"@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
"""The e-mail addresses of the HTML standard, but with a dot in the domain, and in front of the `@`
only between other characters, as in headers of mails. Only sending mail shows whether an address
works; stricter rules refuse those of home networks (`.local`, `.lan`)."""


def fold_name(name: str) -> str:
    """Return `name` for comparisons: names that differ in case or encoding fold to the same."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).casefold()


def spell_addresses(user: User) -> set[str]:
    """Return the addresses of an account, each as its owner wrote it and folded."""
    addresses = {address for address in (user.email, user.new_email) if address}
    return addresses | {fold_name(address) for address in addresses}


def _validate_username(text: str) -> str:
    name = unicodedata.normalize("NFKC", text)
    if not MIN_NAME_LENGTH <= len(name) <= MAX_NAME_LENGTH:
        raise ValueError(f"must have {MIN_NAME_LENGTH} to {MAX_NAME_LENGTH} characters")
    require_visible_letters(name)
    return name


def _validate_email(text: str) -> str:
    if not EMAIL_PATTERN.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _validate_new_password(password: SecretStr) -> SecretStr:
    return SecretStr(hashing.validate_new_password(password.get_secret_value()))


def _validate_password(password: SecretStr) -> SecretStr:
    return SecretStr(hashing.validate_password(password.get_secret_value()))


def _validate_login_name(text: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("must not contain control characters or lone surrogates")
    return text


# Length limits come first: normalizing a long text takes time quadratic in its length.
Username = Annotated[
    str, StringConstraints(max_length=MAX_NAME_LENGTH), AfterValidator(_validate_username)
]
Email = Annotated[
    str,
    StringConstraints(max_length=MAX_EMAIL_LENGTH, strip_whitespace=True),
    AfterValidator(_validate_email),
]
NewPassword = Annotated[
    SecretStr, Field(max_length=hashing.MAX_BYTES), AfterValidator(_validate_new_password)
]
Password = Annotated[
    SecretStr, Field(max_length=hashing.MAX_BYTES), AfterValidator(_validate_password)
]
LoginName = Annotated[
    str, StringConstraints(max_length=MAX_EMAIL_LENGTH), AfterValidator(_validate_login_name)
]


def _reject_name_as_password(password: SecretStr, info: ValidationInfo) -> SecretStr:
    names = [info.data[field] for field in ("username", "email") if info.data.get(field)]
    if fold_name(password.get_secret_value()) in map(fold_name, names):
        raise ValueError("must not be the name or the address itself")
    return password


def require_same_password(confirmation: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    """Return the confirmation of `password`. Raises ValueError."""
    password = info.data.get("password")
    if confirmation is not None and password is not None and confirmation != password:
        raise ValueError("must be the same as password")
    return confirmation


def _describe_fault(fault: Mapping[str, Any]) -> str:
    """Return a fault in words for who types a command."""
    if fault["type"] in PLAIN_WORDS:
        return PLAIN_WORDS[fault["type"]].format(**fault.get("ctx", {}))
    return str(fault["msg"]).removeprefix("Value error, ")


class NameAndPassword(BaseModel):
    """The minimum for creating an account."""

    model_config = STRICT_CONFIG

    username: Username
    password: NewPassword

    _check_password = field_validator("password")(_reject_name_as_password)

    @classmethod
    def parse(cls, username: str, password: str) -> "NameAndPassword":
        """Return the validated name and password that were given on the command line.

        Raises:
            Invalid: with every reason.
        """
        try:
            return cls(username=username, password=SecretStr(password))
        except ValidationError as error:
            field_errors = tuple(
                FieldError(str(fault["loc"][0]), _describe_fault(fault))
                for fault in error.errors(include_input=False)
            )
        detail = "; ".join(f"{error.pointer} {error.detail}" for error in field_errors)
        raise Invalid(f"{detail}.", errors=field_errors)


class NewAccount(BaseModel):
    """A registration. Only admins may set `is_admin`."""

    model_config = STRICT_CONFIG

    username: Annotated[
        Username, Field(description="The name, unique whatever its case.", examples=["ada"])
    ]
    email: Annotated[
        Email, Field(description="The e-mail address, unique too.", examples=["ada@films.example"])
    ]
    password: Annotated[
        NewPassword,
        Field(
            description="At least eight characters, and not easy to guess.",
            examples=["correct horse battery"],
        ),
    ]
    confirm_password: Annotated[
        Password | None,
        Field(
            description="The password again, to detect typos.", examples=["correct horse battery"]
        ),
    ] = None
    is_admin: Annotated[
        StrictBool, Field(description="Whether it is an admin.", examples=[False])
    ] = False
    invite: Annotated[
        str | None,
        Field(
            max_length=100,
            description="The code of an invite, where registration needs one.",
            examples=["aW52aXRlLWNvZGUtb2YtMzItY2hhcnM"],
        ),
    ] = None

    _check_password = field_validator("password")(_reject_name_as_password)
    _check_confirmation = field_validator("confirm_password")(require_same_password)


WantsCookie = Annotated[
    StrictBool,
    Field(
        description="Whether the refresh token comes as a cookie instead, for pages of this host.",
        examples=[False],
    ),
]


class Credentials(BaseModel):
    """A login, by name or by address."""

    model_config = STRICT_CONFIG

    username: Annotated[
        LoginName | None, Field(description="The name; either this or `email`.", examples=["ada"])
    ] = None
    email: Annotated[
        LoginName | None,
        Field(
            description="The e-mail address; either this or `username`.",
            examples=["ada@films.example"],
        ),
    ] = None
    password: Annotated[
        Password, Field(description="The password.", examples=["correct horse battery"])
    ]
    cookie: WantsCookie = False

    @model_validator(mode="after")
    def _check_identifier(self) -> "Credentials":
        if (self.username is None) == (self.email is None):
            raise ValueError("either username or email must be given")
        return self


class RefreshRequest(BaseModel):
    """A refresh token to be exchanged for the next one."""

    model_config = STRICT_CONFIG

    cookie: Annotated[
        StrictBool,
        Field(
            description="Whether the next refresh token comes as a cookie; without "
            "`refresh_token`, the cookie's token is exchanged.",
            examples=[False],
        ),
    ] = False
    refresh_token: Annotated[
        SecretStr | None,
        Field(
            description="The refresh token as last returned; it works once. Needed unless `cookie` "
            "is true.",
            examples=["cmVmcmVzaC10b2tlbg"],
            validate_default=True,
        ),
    ] = None

    @field_validator("refresh_token")
    @classmethod
    def _check_token(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if token is None and info.data.get("cookie") is False:
            raise ValueError("must be given unless cookie is true")
        return token


class PasswordChange(BaseModel):
    """A new password, and the present one."""

    model_config = STRICT_CONFIG

    current_password: Annotated[
        Password, Field(description="The current password.", examples=["correct horse battery"])
    ]
    new_password: Annotated[
        NewPassword,
        Field(
            description="At least eight characters, and not easy to guess.",
            examples=["a longer battery, stapled"],
        ),
    ]


class VerifyRequest(BaseModel):
    """An access token to verify."""

    model_config = STRICT_CONFIG

    token: Annotated[
        SecretStr,
        Field(
            description="The access token.",
            examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"],
        ),
    ]
