"""What people fill in to get an account or to log in, checked before anything is asked.

What is compared is folded: two names that differ in case, or in how their accents are encoded,
would be two accounts that nobody can tell apart.
"""

import re
import unicodedata
from typing import Annotated

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

from service.accounts import passwords
from service.accounts.models import LONGEST_EMAIL, LONGEST_NAME
from service.errors import FieldError, Invalid

STRICT = ConfigDict(frozen=True, extra="forbid")

SHORTEST_NAME = 3  # characters
BESIDE_LETTERS = frozenset("_-.")
EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
"""What the HTML standard lets an e-mail field hold, with a dot in the domain. Whether mail arrives
there only mail can tell; stricter checks refuse addresses of home networks (`.local`, `.lan`)."""


def folded(name: str) -> str:
    """`name` as it is compared: neither case nor encoding tells two names apart."""
    once = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", once).casefold()


def _username(text: str) -> str:
    name = unicodedata.normalize("NFKC", text)
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise ValueError(f"must have {SHORTEST_NAME} to {LONGEST_NAME} characters")
    for sign in name:
        kind = unicodedata.category(sign)
        if not (kind.startswith("L") or kind == "Nd" or sign in BESIDE_LETTERS):
            raise ValueError("must consist of letters, digits, and the signs _ - .")
    return name


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _new(password: SecretStr) -> SecretStr:
    return SecretStr(passwords.acceptable(password.get_secret_value()))


def _given(password: SecretStr) -> SecretStr:
    return SecretStr(passwords.bounded(password.get_secret_value()))


def _plain(text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise ValueError("must not contain control characters or lone surrogates")
    return text


# The limits of length come first: normalising a long text costs the square of its length.
Username = Annotated[str, StringConstraints(max_length=LONGEST_NAME), AfterValidator(_username)]
Email = Annotated[
    str, StringConstraints(max_length=LONGEST_EMAIL, strip_whitespace=True), AfterValidator(_email)
]
NewPassword = Annotated[SecretStr, Field(max_length=passwords.LONGEST), AfterValidator(_new)]
Password = Annotated[SecretStr, Field(max_length=passwords.LONGEST), AfterValidator(_given)]
LoginName = Annotated[str, StringConstraints(max_length=LONGEST_EMAIL), AfterValidator(_plain)]


def _not_a_name(password: SecretStr, given: ValidationInfo) -> SecretStr:
    names = [given.data[field] for field in ("username", "email") if given.data.get(field)]
    if folded(password.get_secret_value()) in map(folded, names):
        raise ValueError("must not be the name or the address itself")
    return password


class NameAndPassword(BaseModel):
    """The least that makes an account."""

    model_config = STRICT

    username: Username
    password: NewPassword

    _checked = field_validator("password")(_not_a_name)

    @classmethod
    def of(cls, username: str, password: str) -> "NameAndPassword":
        """The same from the command line. Raises `Invalid` with every reason."""
        try:
            return cls(username=username, password=SecretStr(password))
        except ValidationError as error:
            faults = tuple(
                FieldError(str(fault["loc"][0]), fault["msg"].removeprefix("Value error, "))
                for fault in error.errors()
            )
        said = "; ".join(f"{fault.pointer} {fault.detail}" for fault in faults)
        raise Invalid(f"{said}.", errors=faults)


class NewAccount(BaseModel):
    """A registration. `is_admin` may be asked for, and is granted by admins alone."""

    model_config = STRICT

    username: Username
    email: Email
    password: NewPassword
    confirm_password: Password | None = None
    is_admin: StrictBool = False

    _checked = field_validator("password")(_not_a_name)

    @field_validator("confirm_password")
    @classmethod
    def _same(cls, again: SecretStr | None, given: ValidationInfo) -> SecretStr | None:
        first = given.data.get("password")
        if again is not None and first is not None and again != first:
            raise ValueError("must be the same as password")
        return again


class Credentials(BaseModel):
    """A login, by name or by address."""

    model_config = STRICT

    username: LoginName | None = None
    email: LoginName | None = None
    password: Password

    @model_validator(mode="after")
    def _one_of_them(self) -> "Credentials":
        if (self.username is None) == (self.email is None):
            raise ValueError("either username or email must be given")
        return self


class Refreshing(BaseModel):
    """A refresh token, to be exchanged for the next one."""

    model_config = STRICT

    refresh_token: SecretStr


class Verifying(BaseModel):
    """An access token that somebody wants to know about."""

    model_config = STRICT

    token: SecretStr
