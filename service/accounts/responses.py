"""Response bodies of accounts and sessions. They never contain a hash or another user's address."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from service.accounts.models import User


class UserView(BaseModel):
    """An account as its owner sees it. `created_at` is UTC."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    username: str
    email: str | None
    is_admin: bool
    created_at: datetime

    @classmethod
    def from_user(cls, user: User) -> "UserView":
        """Return the view of `user`."""
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            is_admin=user.is_admin,
            created_at=user.created_at,
        )


class SessionView(BaseModel):
    """The tokens of a session and its user. The access token expires in `expires_in` seconds."""

    model_config = ConfigDict(frozen=True)

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: int
    user: UserView


class TokenView(BaseModel):
    """A valid access token: its user, and its expiry (UTC) unless the session ends sooner."""

    model_config = ConfigDict(frozen=True)

    valid: Literal[True] = True
    expires_at: datetime
    user: UserView
