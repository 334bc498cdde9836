"""What is told about accounts and sessions: never a hash, never anybody else's address."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from service.accounts.models import User


class UserView(BaseModel):
    """An account, as its owner sees it. `created_at` is UTC."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    username: str
    email: str | None
    is_admin: bool
    created_at: datetime

    @classmethod
    def from_user(cls, user: User) -> "UserView":
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            is_admin=user.is_admin,
            created_at=user.created_at,
        )


class SessionView(BaseModel):
    """What a login gives. `expires_in` is seconds, and about the access token."""

    model_config = ConfigDict(frozen=True)

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: int
    user: UserView


class TokenView(BaseModel):
    """Whose a good access token is, and until when (UTC) it stays good by itself."""

    model_config = ConfigDict(frozen=True)

    valid: Literal[True] = True
    expires_at: datetime
    user: UserView
