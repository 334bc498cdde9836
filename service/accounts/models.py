"""Tables of users, sessions, tokens, API keys, invites and failed logins.

A session is the unit of revocation. Every token names its session, and the session's row is read
at each use. So logging out, or deleting the row for any other reason, invalidates all its tokens
at once, access tokens included; a deny list of tokens could miss one. Nobody can log in with what
is stored here: passwords, tokens and keys are stored as hashes only.
"""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.audit.log import Subject

MAX_NAME_LENGTH = 40  # characters
MAX_FOLDED_NAME_LENGTH = 3 * MAX_NAME_LENGTH  # case folding makes at most three letters of one
MAX_ADDRESS_LENGTH = 100  # characters of a network address, or of what a proxy says
MAX_USER_AGENT_LENGTH = 200  # characters that are kept
MAX_KEY_NAME_LENGTH = 60  # characters
MAX_EMAIL_LENGTH = 254  # characters, all ASCII (RFC 5321 allows 256, including brackets)


class User(Model):
    """A user account.

    The `…_folded` columns are unique. Raising `token_version` ends all sessions of the user that do
    not take the new version too; it must rise whenever the user's permissions or password change.

    `username_skeleton` is equal for names that look alike; of those that existed before it was
    introduced, only the oldest has one.

    `confirmed_at` is when the address was confirmed, or when an admin or the operator created the
    account. `confirm_by` is when an account that must still be confirmed is deleted. `new_email` is
    the address that replaces the present one, or becomes the first one, once it is confirmed.
    `disabled_at` is when an admin disabled the account, which then cannot be used.
    `erase_at` is when the account is erased, because its owner asked for that; until then it is
    hidden, and may only be restored. With `keep_reviews`, its reviews stay, under no name.
    `language` is that of mails to the user; null: that of the request that causes a mail.
    `profile` says whether others see what the user did with films: `private` or `public`.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    username = fields.CharField(max_length=MAX_NAME_LENGTH)
    username_folded = fields.CharField(max_length=MAX_FOLDED_NAME_LENGTH, unique=True)
    username_skeleton = fields.CharField(max_length=MAX_FOLDED_NAME_LENGTH, null=True, unique=True)
    email = fields.CharField(max_length=MAX_EMAIL_LENGTH, null=True)
    email_folded = fields.CharField(max_length=MAX_EMAIL_LENGTH, null=True, unique=True)
    password_hash = fields.CharField(max_length=200)
    confirmed_at = fields.DatetimeField(null=True)
    confirm_by = fields.DatetimeField(null=True)
    new_email = fields.CharField(max_length=MAX_EMAIL_LENGTH, null=True)
    disabled_at = fields.DatetimeField(null=True)
    erase_at = fields.DatetimeField(null=True)
    keep_reviews = fields.BooleanField(default=False, db_default=False)
    is_admin = fields.BooleanField(default=False)
    language = fields.CharField(max_length=8, null=True)
    profile = fields.CharField(max_length=8, default="private", db_default="private")
    token_version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "users"
        table_description = (
            "One account. `…_folded` is what must be unique, `token_version` ends all its sessions."
        )
        indexes = (
            Index(fields=("created_at", "id"), name="idx_users_created_at"),
            Index(fields=("confirm_by",), name="idx_users_confirm_by"),
            Index(fields=("erase_at",), name="idx_users_erase_at"),
        )

    @property
    def is_confirmed(self) -> bool:
        """Whether the account may be used while addresses must be confirmed."""
        return self.confirm_by is None and (self.confirmed_at is not None or self.email is None)

    @property
    def is_usable(self) -> bool:
        """Whether the account is neither disabled nor about to be erased."""
        return self.disabled_at is None and self.erase_at is None


def account_subject(user: User) -> Subject:
    """Return what the audit log calls the account."""
    return Subject("account", user.id, user.username)


class Session(Model):
    """A login that refresh tokens extend until it expires or is deleted.

    `digest` identifies the only valid refresh token, issued at `rotated_at`. `token_version` is the
    user's at the time of the login, or after a change of the password in this session; once they
    differ, the session is over. `address` and `user_agent` are those of the client that refreshed
    it last, so that people recognize it.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="sessions", on_delete=fields.CASCADE
    )
    user_id: UUID
    token_version = fields.IntField()
    digest = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()
    rotated_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    address = fields.CharField(max_length=MAX_ADDRESS_LENGTH, null=True)
    user_agent = fields.CharField(max_length=MAX_USER_AGENT_LENGTH, null=True)

    class Meta:
        table = "sessions"
        table_description = (
            "One login that lives on through its refresh tokens, until it expires or is deleted."
        )
        indexes = (Index(fields=("user_id",), name="idx_sessions_user_id"),)


class RefreshToken(Model):
    """The SHA-256 of a session's current or former refresh token, so that reuse is detected."""

    digest = fields.CharField(max_length=64, primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "movies.Session", related_name="tokens", on_delete=fields.CASCADE
    )
    session_id: UUID
    issued_at = fields.DatetimeField()

    class Meta:
        table = "refresh_tokens"
        table_description = (
            "A refresh token that a session has or had, by its SHA-256, "
            "so that a used one is known."
        )
        indexes = (Index(fields=("session_id",), name="idx_refresh_tokens_session_id"),)


class LoginFailure(Model):
    """The number of failed logins to one account, from one client network or from all.

    `key` and `account_key` are keyed hashes, so the table holds neither addresses nor what people
    typed as a name. Both are the same in the row of an account.
    Times are milliseconds since the epoch, because one statement compares and adds them, and it
    must mean the same in both databases.
    """

    key = fields.CharField(max_length=64, primary_key=True)
    account_key = fields.CharField(max_length=64)
    failures = fields.IntField(default=1)
    blocked_until = fields.BigIntField(default=0)
    forgotten_at = fields.BigIntField()

    class Meta:
        table = "login_failures"
        table_description = (
            "How often a login to one account has failed, from one network or from all."
        )
        indexes = (
            Index(fields=("forgotten_at",), name="idx_login_failures_forgotten_at"),
            Index(fields=("account_key",), name="idx_login_failures_account_key"),
        )


class KnownNetwork(Model):
    """A network from which a user has logged in; a pause of the account does not concern it.

    `key` is a keyed hash of both, so the table holds no address. `logged_in_at` is in milliseconds
    since the epoch.
    """

    key = fields.CharField(max_length=64, primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="known_networks", on_delete=fields.CASCADE
    )
    logged_in_at = fields.BigIntField()

    class Meta:
        table = "known_networks"
        table_description = "A network from which a user has logged in, by a keyed hash of both."
        indexes = (
            Index(fields=("user_id",), name="idx_known_networks_user_id"),
            Index(fields=("logged_in_at",), name="idx_known_networks_logged_in_at"),
        )


class AccountToken(Model):
    """The SHA-256 of a token in a mail; its bearer reads the mail at `email`."""

    digest = fields.CharField(max_length=64, primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="link_tokens", on_delete=fields.CASCADE
    )
    purpose = fields.CharField(max_length=16)
    email = fields.CharField(max_length=MAX_EMAIL_LENGTH)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account_tokens"
        table_description = (
            "A token in a mail, by its SHA-256: to confirm an address or to set a password."
        )
        indexes = (Index(fields=("user_id",), name="idx_account_tokens_user_id"),)


class ApiKey(Model):
    """The SHA-256 of an API key, and what the key may do.

    `scopes` are names separated by commas. `ending` is the last characters of the key, by which
    its owner recognizes it. `last_used_at` is at most a minute behind.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    digest = fields.CharField(max_length=64, unique=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="keys", on_delete=fields.CASCADE
    )
    user_id: UUID
    name = fields.CharField(max_length=MAX_KEY_NAME_LENGTH)
    scopes = fields.CharField(max_length=100)
    ending = fields.CharField(max_length=8)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_keys"
        table_description = "A key with which programs call the API for a user, by its SHA-256."
        indexes = (Index(fields=("user_id",), name="idx_api_keys_user_id"),)


class Invite(Model):
    """The SHA-256 of a code with which one person may register."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    digest = fields.CharField(max_length=64, unique=True)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="invites", on_delete=fields.SET_NULL, null=True
    )
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invites"
        table_description = "A code with which one person may register, by its SHA-256."
