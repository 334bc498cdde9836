"""Response bodies of accounts and sessions. They never contain a hash or another user's address."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.accounts.models import ApiKey, Session, User
from service.accounts.schemas import Profile
from service.key_rules import KEY_SCOPES, KeyScope
from service.mail.base import Language


class UserView(BaseModel):
    """An account as its owner sees it. `created_at` is UTC."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        UUID,
        Field(description="The account's id.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"]),
    ]
    username: Annotated[str, Field(description="The name.", examples=["ada"])]
    email: Annotated[
        str | None, Field(description="The e-mail address.", examples=["ada@films.example"])
    ]
    email_confirmed: Annotated[
        bool, Field(description="Whether the address is confirmed.", examples=[True])
    ]
    new_email: Annotated[
        str | None,
        Field(
            description="The address that replaces the present one once it is confirmed.",
            examples=["ada@letters.example"],
        ),
    ]
    is_admin: Annotated[bool, Field(description="Whether it may change films.", examples=[False])]
    profile: Annotated[
        Profile, Field(description="Whether others see the profile.", examples=["private"])
    ]
    language: Annotated[
        Language | None,
        Field(
            description="The language of mails to the user; null: that of the request that causes "
            "one.",
            examples=["de"],
        ),
    ]
    created_at: Annotated[
        datetime, Field(description="When it was created.", examples=["2026-11-27T20:00:00Z"])
    ]
    erase_at: Annotated[
        datetime | None,
        Field(
            description="When it is erased, if its owner asked for that; until then it can only be "
            "restored.",
            examples=["2026-12-04T20:00:00Z"],
        ),
    ]

    @classmethod
    def from_user(cls, user: User) -> "UserView":
        """Return the view of `user`."""
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            email_confirmed=user.email is not None and user.confirmed_at is not None,
            new_email=user.new_email,
            is_admin=user.is_admin,
            profile=cast(Profile, user.profile),
            language=cast(Language | None, user.language),
            created_at=user.created_at,
            erase_at=user.erase_at,
        )


class _AccessView(BaseModel):
    """An access token, which expires in `expires_in` seconds, and its user."""

    model_config = ConfigDict(frozen=True)

    access_token: Annotated[
        str,
        Field(
            description="The bearer token for requests.",
            examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"],
        ),
    ]
    token_type: Annotated[
        Literal["Bearer"], Field(description="The scheme of the access token.", examples=["Bearer"])
    ] = "Bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: Annotated[
        int, Field(description="Seconds until the access token expires.", examples=[600])
    ]
    user: Annotated[UserView, Field(description="The account.")]


class SessionView(_AccessView):
    """The tokens of a session and its user, as the use cases return them."""

    refresh_token: str


class LoginView(_AccessView):
    """The tokens of a session and its user. The access token expires in `expires_in` seconds."""

    refresh_token: Annotated[
        str | None,
        Field(
            description="Exchanged for the next pair of tokens; null if it is in the cookie.",
            examples=["cmVmcmVzaC10b2tlbg"],
        ),
    ]

    @classmethod
    def from_session(cls, session: SessionView, *, in_cookie: bool) -> "LoginView":
        """Return the view of `session`, without the refresh token if a cookie carries it."""
        view = cls(**dict(session))
        return view.model_copy(update={"refresh_token": None}) if in_cookie else view


class TokenView(BaseModel):
    """A valid access token: its user, and its expiry (UTC) unless the session ends sooner."""

    model_config = ConfigDict(frozen=True)

    valid: Annotated[
        Literal[True], Field(description="Always true; an invalid token is 401.", examples=[True])
    ] = True
    expires_at: Annotated[
        datetime,
        Field(description="When it expires at the latest.", examples=["2026-11-27T20:10:00Z"]),
    ]
    user: Annotated[UserView, Field(description="The account.")]


class PendingAccountView(BaseModel):
    """A registration that awaits the confirmation of its address; the same for a taken one."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[
        Literal["confirmation_required"],
        Field(description="Always this.", examples=["confirmation_required"]),
    ] = "confirmation_required"
    email: Annotated[str, Field(description="Where the mail goes.", examples=["ada@films.example"])]


class AcceptedView(BaseModel):
    """What a request for a mail is answered with, whether or not there is an account."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[
        Literal["accepted"], Field(description="Always this.", examples=["accepted"])
    ] = "accepted"


class ConfirmationView(BaseModel):
    """A confirmed address."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[
        Literal["confirmed", "already_confirmed"],
        Field(description="Whether this request confirmed it.", examples=["confirmed"]),
    ]
    email: Annotated[str, Field(description="The address.", examples=["ada@films.example"])]


class InviteView(BaseModel):
    """An invite. Its code is shown only in this answer."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        UUID,
        Field(description="The invite's id.", examples=["01993f83-2b6c-7d4e-9a1f-5c7e9b0d2f64"]),
    ]
    code: Annotated[
        str,
        Field(
            description="What the registration gives as `invite`.",
            examples=["aW52aXRlLWNvZGUtb2YtMzItY2hhcnM"],
        ),
    ]
    expires_at: Annotated[
        datetime, Field(description="When it expires.", examples=["2026-12-04T20:00:00Z"])
    ]


class SessionEntry(BaseModel):
    """A login that lasts: where it is used, and until when it may be refreshed."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        UUID,
        Field(description="The session's id.", examples=["01993f84-5a3c-7e21-8b7d-1f2e3d4c5b6a"]),
    ]
    created_at: Annotated[
        datetime, Field(description="When it began.", examples=["2026-11-27T20:00:00Z"])
    ]
    last_seen_at: Annotated[
        datetime,
        Field(
            description="When it was last refreshed, at most ten minutes before its last use.",
            examples=["2026-11-27T20:10:00Z"],
        ),
    ]
    expires_at: Annotated[
        datetime,
        Field(description="When it ends unless it is used.", examples=["2026-12-27T20:10:00Z"]),
    ]
    address: Annotated[
        str | None,
        Field(description="The network address at that time.", examples=["192.0.2.1"]),
    ]
    client: Annotated[
        str | None,
        Field(description="The `User-Agent` at that time.", examples=["Mozilla/5.0 (X11; Linux)"]),
    ]
    is_current: Annotated[
        bool, Field(description="Whether this request belongs to it.", examples=[True])
    ]

    @classmethod
    def from_session(cls, session: Session, current_id: UUID) -> "SessionEntry":
        """Return the entry of `session`."""
        return cls(
            id=session.id,
            created_at=session.created_at,
            last_seen_at=session.rotated_at,
            expires_at=session.expires_at,
            address=session.address,
            client=session.user_agent,
            is_current=session.id == current_id,
        )


class SessionList(BaseModel):
    """All sessions of a user."""

    model_config = ConfigDict(frozen=True)

    results: Annotated[
        list[SessionEntry], Field(description="The sessions, the most recently used first.")
    ]


class ApiKeyView(BaseModel):
    """An API key, without its secret."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        UUID,
        Field(description="The key's id.", examples=["01993f85-6b4d-7f32-9c8e-2a3b4c5d6e7f"]),
    ]
    name: Annotated[
        str,
        Field(description="What it is for.", examples=["media player in the living room"]),
    ]
    scopes: Annotated[
        tuple[KeyScope, ...], Field(description="What it may do.", examples=[["read", "write"]])
    ]
    ending: Annotated[
        str, Field(description="The last characters of the key itself.", examples=["CtXy"])
    ]
    created_at: Annotated[
        datetime, Field(description="When it was made.", examples=["2026-11-27T20:00:00Z"])
    ]
    expires_at: Annotated[
        datetime | None,
        Field(
            description="When it stops working; null if never.", examples=["2027-11-27T20:00:00Z"]
        ),
    ]
    last_used_at: Annotated[
        datetime | None,
        Field(
            description="When it was last used, at most a minute behind; null if never.",
            examples=["2026-11-27T20:10:00Z"],
        ),
    ]

    @classmethod
    def from_key(cls, key: ApiKey) -> "ApiKeyView":
        """Return the view of `key`."""
        return cls(
            id=key.id,
            name=key.name,
            scopes=tuple(scope for scope in KEY_SCOPES if scope in key.scopes.split(",")),
            ending=key.ending,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
        )


class NewKeyView(ApiKeyView):
    """A new API key. Its secret is shown only in this answer."""

    key: Annotated[
        str,
        Field(
            description="What requests send as `X-API-Key`.",
            examples=["mvk_7sYw2QfK0aLxT9cRb4HnE1mJuD6vGpZi8NoWk3CtXyB"],
        ),
    ]


class ApiKeyList(BaseModel):
    """All API keys of a user."""

    model_config = ConfigDict(frozen=True)

    results: Annotated[list[ApiKeyView], Field(description="The keys, newest first.")]
