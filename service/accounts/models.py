"""Who has an account, which sessions are open, and who has been guessing passwords.

A session is the unit of revocation: every token names its session and its session's row is asked
for at each use, so that logging out, or deleting the row for any other reason, ends all tokens of
it at once, access tokens included. A list of denied tokens could forget one; a row that is gone
cannot. Nothing here lets its reader log in: of passwords and refresh tokens only hashes are kept.
"""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

MAX_NAME_LENGTH = 40  # characters
MAX_FOLDED_NAME_LENGTH = 3 * MAX_NAME_LENGTH  # folding the case makes at most three letters of one
MAX_EMAIL_LENGTH = 254  # characters, all of them ASCII (RFC 5321 allows 256, with the brackets)


class User(Model):
    """One account. `…_folded` is what must be unique, `token_version` ends all its sessions.

    Whoever changes what a user may do, or their password, raises `token_version`.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    username = fields.CharField(max_length=MAX_NAME_LENGTH)
    username_folded = fields.CharField(max_length=MAX_FOLDED_NAME_LENGTH, unique=True)
    email = fields.CharField(max_length=MAX_EMAIL_LENGTH, null=True)
    email_folded = fields.CharField(max_length=MAX_EMAIL_LENGTH, null=True, unique=True)
    password_hash = fields.CharField(max_length=200)
    is_admin = fields.BooleanField(default=False)
    token_version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "users"


class Session(Model):
    """One login that lives on through its refresh tokens, until it expires or is deleted.

    `digest` is of the one refresh token that is good, since `rotated_at`. `token_version` is the
    user's at the time of the login; once they differ, the session is over.
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

    class Meta:
        table = "sessions"
        indexes = (Index(fields=("user_id",), name="idx_sessions_user_id"),)


class RefreshToken(Model):
    """A refresh token that a session has or had, by its SHA-256, so that a used one is known."""

    digest = fields.CharField(max_length=64, primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "movies.Session", related_name="tokens", on_delete=fields.CASCADE
    )
    issued_at = fields.DatetimeField()

    class Meta:
        table = "refresh_tokens"
        indexes = (Index(fields=("session_id",), name="idx_refresh_tokens_session_id"),)


class LoginFailure(Model):
    """How often a login has failed for one account's name, or from one address.

    `key` is a keyed hash, so that the table holds neither addresses nor what people typed where
    their name belongs. Times are milliseconds since the epoch, because they are compared and
    added to inside one statement that two databases must read alike.
    """

    key = fields.CharField(max_length=64, primary_key=True)
    failures = fields.IntField(default=1)
    blocked_until = fields.BigIntField(default=0)
    forgotten_at = fields.BigIntField()

    class Meta:
        table = "login_failures"
        indexes = (Index(fields=("forgotten_at",), name="idx_login_failures_forgotten_at"),)
