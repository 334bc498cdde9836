"""Access tokens: short-lived JWTs that say which user and session they speak for.

A token is signed with one fixed algorithm and checked in every claim, and even then it only names
a session: whether that still exists, and what its user may do, is asked of the database. So a
token says nothing about rights, and cannot be wrong about them.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import jwt
from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

from service.errors import NotAuthenticated

ALGORITHM = "HS256"
ISSUER = "movies"
AUDIENCE = "movies-api"
TOKEN_TYPE = "at+jwt"  # RFC 9068: no other kind of JWT that we may once sign passes for this one
ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
CLOCK_LEEWAY = timedelta(seconds=60)  # by which the clocks of two of our processes may differ
MAX_TOKEN_BYTES = 4_096  # bytes; ours have some 450, and a larger one is not worth parsing


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, as the database said a moment ago; the token is good until `exp`."""

    user_id: UUID
    username: str
    is_admin: bool
    session_id: UUID
    jti: str
    exp: datetime


class Claims(BaseModel):
    """What a genuine token says. Times are whole seconds since the epoch, UTC."""

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
        return datetime.fromtimestamp(self.exp, UTC)


class Tokens:
    """Signs access tokens and reads them again.

    Args:
        secret: the key, at least 32 bytes.
        now: the clock, aware UTC.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._now = now

    def issue(self, user_id: UUID, session_id: UUID, version: int) -> str:
        """A token for this session of this user, good from now on for `LIFE`."""
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
            claims.model_dump(mode="json"), self._secret, ALGORITHM, headers={"typ": TOKEN_TYPE}
        )

    def decode(self, token: str) -> Claims:
        """What `token` says.

        Raises:
            NotAuthenticated: it is not one of ours, or not good now. Which of its faults it was
                stays untold, since only somebody who made it up would need to know.
        """
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise invalid_token_error()
        try:
            decoded = jwt.decode_complete(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # The times are compared below, by the clock that this process was given.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            claims = Claims.model_validate(decoded["payload"])
        except (jwt.InvalidTokenError, ValidationError):
            raise invalid_token_error() from None
        if decoded["header"].get("typ") != TOKEN_TYPE or not self._is_current(claims):
            raise invalid_token_error()
        return claims

    def _is_current(self, claims: Claims) -> bool:
        now = self._now().timestamp()
        leeway = CLOCK_LEEWAY.total_seconds()
        has_started = max(claims.nbf, claims.iat) <= now + leeway
        return has_started and now - leeway < claims.exp


def invalid_token_error() -> NotAuthenticated:
    """What anybody with a token that is not good is told, whatever is wrong with it."""
    return NotAuthenticated("The token is not good, or no longer.", code="invalid_token")
