"""Access tokens: short-lived JWTs that name a user and a session.

A token is signed with one fixed algorithm and every claim is checked. Its `kid` names the secret
that signed it: the present one, or the one before. Even then it only names a session: whether the
session still exists and what its user may do is read from the database. A token holds no
permissions, so it cannot hold outdated ones.
"""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import jwt
from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

from service.errors import NotAuthenticated

ALGORITHM = "HS256"
ISSUER = "movies"
AUDIENCE = "movies-api"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068; keeps other kinds of JWT from passing for this one
ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
CLOCK_LEEWAY = timedelta(seconds=60)  # maximum clock difference between two of our processes
KEY_ID_LENGTH = 16  # hexadecimal digits; they tell two secrets apart
MAX_TOKEN_BYTES = 4_096  # ours have about 450; a larger token is not worth parsing


@dataclass(frozen=True, slots=True)
class Identity:
    """The authenticated user, as just read from the database.

    `is_admin` is whether this request may do what admins may: an admin's API key needs the scope.
    """

    user_id: UUID
    username: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class SessionIdentity(Identity):
    """The user behind an access token, which is valid until `exp`.

    `is_being_deleted` is whether the account waits for its erasure, and may only be restored.
    """

    session_id: UUID
    jti: str
    exp: datetime
    is_being_deleted: bool = False


class Claims(BaseModel):
    """The payload of a valid token. Times are whole seconds since the epoch, UTC."""

    model_config = ConfigDict(frozen=True)

    iss: str
    aud: str
    sub: UUID
    sid: UUID
    jti: str
    typ: Literal["access"]
    ver: StrictInt
    iat: StrictInt
    nbf: StrictInt
    exp: StrictInt

    @property
    def expires_at(self) -> datetime:
        """Return `exp` as an aware datetime, UTC."""
        return datetime.fromtimestamp(self.exp, UTC)


class Tokens:
    """Issue and decode access tokens.

    Args:
        secret: the signing key, at least 32 bytes.
        now: the clock, aware UTC.
        previous_secret: the signing key before this one, whose tokens stay valid.
    """

    def __init__(
        self, secret: str, now: Callable[[], datetime], previous_secret: str | None = None
    ) -> None:
        self._secret = secret
        self._now = now
        accepted = (secret, previous_secret) if previous_secret else (secret,)
        self._secrets = {derive_key_id(signing_key): signing_key for signing_key in accepted}

    def issue(self, user_id: UUID, session_id: UUID, version: int) -> str:
        """Return a token for this session of this user, valid for `ACCESS_TOKEN_LIFETIME`."""
        now = int(self._now().timestamp())
        claims = Claims(
            iss=ISSUER,
            aud=AUDIENCE,
            sub=user_id,
            sid=session_id,
            jti=secrets.token_hex(16),
            typ="access",
            ver=version,
            iat=now,
            nbf=now,
            exp=now + int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        )
        return jwt.encode(
            claims.model_dump(mode="json"),
            self._secret,
            ALGORITHM,
            headers={"typ": TOKEN_TYPE, "kid": derive_key_id(self._secret)},
        )

    def decode(self, token: str) -> Claims:
        """Return the claims of `token`.

        Raises:
            NotAuthenticated: the token is forged, malformed, expired or not valid yet. The error
                does not say which: only a forger would need to know.
        """
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise invalid_token_error()
        try:
            decoded = self._verify_signature(token)
            claims = Claims.model_validate(decoded["payload"])
        except (jwt.InvalidTokenError, ValidationError):
            raise invalid_token_error() from None
        if decoded["header"].get("typ") != TOKEN_TYPE or not self._is_current(claims):
            raise invalid_token_error()
        return claims

    def _verify_signature(self, token: str) -> dict[str, Any]:
        """Return header and payload. Raises InvalidTokenError."""
        for secret in self._find_secrets(jwt.get_unverified_header(token).get("kid")):
            with suppress(jwt.InvalidSignatureError):
                return jwt.decode_complete(
                    token,
                    secret,
                    algorithms=[ALGORITHM],
                    audience=AUDIENCE,
                    issuer=ISSUER,
                    # `_is_current` compares the times, by the injected clock.
                    options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
                )
        raise jwt.InvalidSignatureError

    def _find_secrets(self, key_id: str | None) -> list[str]:
        """Return the secrets that may have signed a token; early tokens have no `kid`."""
        if key_id is None:
            return list(self._secrets.values())
        return [self._secrets[key_id]] if key_id in self._secrets else []

    def _is_current(self, claims: Claims) -> bool:
        now = self._now().timestamp()
        leeway = CLOCK_LEEWAY.total_seconds()
        has_started = max(claims.nbf, claims.iat) <= now + leeway
        return has_started and now - leeway < claims.exp


def derive_key_id(secret: str) -> str:
    """Return the `kid` of tokens that this secret signs; it tells nothing about the secret."""
    return hashlib.sha256(b"key id of tokens:" + secret.encode()).hexdigest()[:KEY_ID_LENGTH]


def invalid_token_error() -> NotAuthenticated:
    """Return the one error for every invalid token, so that it does not reveal the reason."""
    return NotAuthenticated("The token is invalid or has expired.", code="invalid_token")
