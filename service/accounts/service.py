"""Accounts: registration, login, token checks and logout.

Every token is checked against the database, at the price of one look-up by key. So deleting or
demoting a user, or changing a password, takes effect at once and in every process.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from service.accounts.administration.schemas import NewUser
from service.accounts.administration.service import UserAdmin
from service.accounts.deletion.service import AccountDeletion
from service.accounts.emails.schemas import AccountChange
from service.accounts.emails.service import AccountEmails
from service.accounts.invites import Invites
from service.accounts.keys.service import ApiKeys
from service.accounts.models import User
from service.accounts.passwords.credential_checks import CredentialChecks
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.passwords.login_throttle import LoginThrottle
from service.accounts.passwords.own_password import OwnPassword, wrong_password_error
from service.accounts.passwords.verifier import PasswordVerifier
from service.accounts.personal_data import PersonalData
from service.accounts.registration import OPEN_REGISTRATION, Registration, RegistrationPolicy
from service.accounts.responses import PendingAccountView, SessionView, TokenView, UserView
from service.accounts.schemas import (
    Credentials,
    NewAccount,
    PasswordChange,
    fold_name,
)
from service.accounts.sessions.service import UNKNOWN_CLIENT, Client, GrantedSession, Sessions
from service.accounts.sessions.tokens import (
    ACCESS_TOKEN_LIFETIME,
    Identity,
    SessionIdentity,
    Tokens,
    invalid_token_error,
)
from service.accounts.user_lookup import find_user_by_email, find_user_by_name
from service.database.sql import fetch_rows
from service.errors import FieldError, Invalid, NotAllowed, NotAuthenticated
from service.mail.base import Language

log = structlog.get_logger()

FIND_IDENTITY = """
    SELECT users.username, users.is_admin, users.erase_at
    FROM sessions JOIN users
        ON users.id = sessions.user_id AND users.token_version = sessions.token_version
    WHERE sessions.id = $1 AND users.id = $2 AND sessions.token_version >= $3
"""
"""A session keeps its tokens when the password is changed in it, so theirs may be an earlier
version; a later one was never issued."""


class AccountService:
    """Create accounts, log users in and out, and identify the user behind a token.

    Args:
        secret: the key that signs tokens; at least 32 bytes, the same in every process.
        passwords: hashes and verifies passwords.
        now: the clock, aware UTC.
        policy: who may register, and whether addresses must be confirmed.
        previous_secret: the key before this one, whose tokens stay valid.
        personal_data: what all packages hold about a person.
    """

    def __init__(
        self,
        secret: str,
        passwords: PasswordHasher,
        now: Callable[[], datetime],
        policy: RegistrationPolicy = OPEN_REGISTRATION,
        previous_secret: str | None = None,
        *,
        personal_data: Sequence[PersonalData] = (),
    ) -> None:
        self._passwords = passwords
        self._must_confirm = policy.must_confirm_email
        self._tokens = Tokens(secret, now, previous_secret)
        self.sessions = Sessions(self._tokens, secret, now, previous_secret)
        throttle = LoginThrottle(secret, now)
        self._verifier = PasswordVerifier(passwords, throttle)
        self._checks = CredentialChecks()
        self._registration = Registration(passwords, self._checks, now, policy)
        self.emails = AccountEmails(
            passwords, self._checks, throttle, now, must_confirm=policy.must_confirm_email
        )
        self.invites = Invites(now)
        self.keys = ApiKeys(now)
        self.users = UserAdmin(passwords, self._checks, throttle, now, personal_data)
        self._own_password = OwnPassword(self._verifier)
        self.deletion = AccountDeletion(self._own_password, now, personal_data)

    async def register(
        self, account: NewAccount, requester: Identity | None = None, language: Language = "en"
    ) -> UserView | PendingAccountView:
        """Create an account; see `Registration.register`.

        Args:
            requester: the authenticated user who makes the request, if any.
            language: of the mail that asks to confirm the address.
        """
        return await self._registration.register(account, requester, language)

    async def register_by_name(self, account: NewUser, requester: Identity | None) -> User:
        """Create an account without an address; see `Registration.register_by_name`."""
        return await self._registration.register_by_name(account, requester)

    async def create_admin(self, name: str, password: str) -> UserView:
        """Create an admin account; see `Registration.create_admin`."""
        return await self._registration.create_admin(name, password)

    async def create_user(self, account: NewUser) -> User:
        """Create an account on behalf of an admin; see `Registration.create_user`."""
        return await self._registration.create_user(account)

    async def login(
        self, credentials: Credentials, address: str, user_agent: str | None = None
    ) -> SessionView:
        """Verify the password and start a session.

        Args:
            address: the client's address, under which failures are counted.
            user_agent: what the client says of itself, for the list of sessions.

        Raises:
            NotAuthenticated: `invalid_credentials`, the same for an unknown user.
            NotAllowed: `account_disabled` or `email_not_confirmed`.
            TooMany: there were too many failures, or there are too many concurrent logins.
        """
        name = fold_name(credentials.username or credentials.email or "")
        user = await _find_user(credentials)
        password = credentials.password.get_secret_value()
        is_correct = await self._verifier.verify(user, name, password, address)
        if user is None or not is_correct:
            log.info("login_failed", user_id=str(user.id) if user else None)
            raise NotAuthenticated("The name or the password is wrong.", code="invalid_credentials")
        self._require_enabled(user)
        await self._require_confirmed(user)
        return _session_view(await self.sessions.start(user, Client(address, user_agent)))

    def _require_enabled(self, user: User) -> None:
        if user.disabled_at is not None:
            raise NotAllowed("An admin has disabled this account.", code="account_disabled")

    async def _require_confirmed(self, user: User) -> None:
        """Return if the account may be used; if addresses no longer count, it stays for good."""
        if self._must_confirm and not user.is_confirmed:
            raise NotAllowed(
                "The e-mail address has not been confirmed yet.", code="email_not_confirmed"
            )
        if user.confirm_by is not None:
            await self.emails.adopt_unconfirmed(user)

    async def refresh(self, refresh_token: str, client: Client = UNKNOWN_CLIENT) -> SessionView:
        """Return the next pair of tokens.

        Raises:
            NotAuthenticated: the refresh token is invalid.
        """
        return _session_view(await self.sessions.refresh(refresh_token, client))

    async def renew_access(self, refresh_token: str) -> SessionView:
        """Return a new access token of a session, which keeps its refresh token.

        Raises:
            NotAuthenticated: the refresh token is invalid.
        """
        return _session_view(await self.sessions.renew_access(refresh_token))

    async def identify(self, access_token: str) -> SessionIdentity:
        """Return the user behind the token, as the database has it at this moment.

        Raises:
            NotAuthenticated: the token is invalid, or its session is over.
        """
        claims = self._tokens.decode(access_token)
        rows = await fetch_rows(FIND_IDENTITY, str(claims.sid), str(claims.sub), claims.ver)
        if not rows:
            raise invalid_token_error()
        return SessionIdentity(
            user_id=claims.sub,
            username=rows[0]["username"],
            is_admin=bool(rows[0]["is_admin"]),
            session_id=claims.sid,
            jti=claims.jti,
            exp=claims.expires_at,
            is_being_deleted=rows[0]["erase_at"] is not None,
        )

    async def describe_token(self, identity: SessionIdentity) -> TokenView:
        """Return the user of the token behind `identity`, and when the token expires.

        Raises:
            NotAuthenticated: the user has just been deleted.
        """
        return TokenView(expires_at=identity.exp, user=await self.get_user(identity.user_id))

    async def logout(self, identity: SessionIdentity) -> None:
        """End the session of `identity`, with all its tokens."""
        await self.sessions.end(identity.session_id)

    async def logout_cookie(self, refresh_token: str) -> None:
        """End the session that the refresh token belongs to; do nothing if it has ended."""
        await self.sessions.end_by_token(refresh_token)

    async def logout_all(self, identity: SessionIdentity) -> None:
        """End all sessions of the user, that of `identity` too."""
        await self.sessions.end_all(identity.user_id)

    async def change_password(
        self,
        identity: SessionIdentity,
        change: PasswordChange,
        address: str,
        language: Language = "en",
    ) -> None:
        """Replace the password, and end all sessions of the user but that of `identity`.

        Args:
            address: the client's address, under which failures are counted.
            language: of the mail that tells the user.

        Raises:
            Invalid: `password_wrong`, or the new password is not acceptable for this user.
            TooMany: there were too many failures, or there are too many concurrent logins.
            NotAuthenticated: the user has just been deleted.
        """
        user = await self._own_password.verify(identity, change.current_password, address)
        _check_new_password(user, change)
        new_password = change.new_password.get_secret_value()
        await self._checks.require_strong(new_password, user.username, user.email, "/new_password")
        new_hash = await self._passwords.hash(new_password)
        if not await self.sessions.replace_password(user, new_hash, identity.session_id, language):
            raise wrong_password_error()  # it was changed in between
        log.info("password_changed", user_id=str(user.id))

    async def change_account(
        self, identity: Identity, change: AccountChange, address: str, language: Language = "en"
    ) -> UserView:
        """Change what `change` names, and return the account; see `AccountEmails.change_email`.

        Args:
            address: the client's address, under which failures are counted.
            language: of the mails about the change.

        Raises:
            Invalid: `password_wrong`.
            Conflict: `email_taken`.
            TooMany: there were too many failures, or there are too many concurrent logins.
            NotAuthenticated: the user has just been deleted.
        """
        if change.email is not None and change.current_password is not None:
            user = await self._own_password.verify(identity, change.current_password, address)
            if not await self.emails.change_email(user, change.email, language):
                raise wrong_password_error()  # it was changed in between
        changes: dict[str, str | None] = {}
        if change.profile is not None:
            changes["profile"] = change.profile
        if "language" in change.model_fields_set:
            changes["language"] = change.language
        if changes:
            await User.filter(id=identity.user_id).update(**changes)
        return await self.get_user(identity.user_id)

    async def get_user(self, user_id: UUID) -> UserView:
        """Return the account of an authenticated user.

        Raises:
            NotAuthenticated: the user has just been deleted.
        """
        user = await User.get_or_none(id=user_id)
        if user is None:
            raise invalid_token_error()
        return UserView.from_user(user)

    async def hash_slowly(self, text: str, salt: str) -> str:
        """Return a digest of a text that depends on a password. Raises TooMany."""
        return await self._passwords.derive_digest(text, salt)

    async def close(self) -> None:
        """End the hashing threads and the worker that rates passwords; safe to repeat."""
        self._passwords.close()
        await self._checks.close()


async def _find_user(credentials: Credentials) -> User | None:
    if credentials.username is not None:
        return await find_user_by_name(credentials.username)
    return await find_user_by_email(credentials.email or "")


def _check_new_password(user: User, change: PasswordChange) -> None:
    """Raise Invalid if the new password is the present one, or the user's name or address."""
    password = change.new_password.get_secret_value()
    reason = None
    if password == change.current_password.get_secret_value():
        reason = "must differ from the current password"
    elif fold_name(password) in (user.username_folded, user.email_folded):
        reason = "must not be the name or the address itself"
    if reason:
        errors = (FieldError("/new_password", reason),)
        raise Invalid("Invalid: new_password.", errors=errors)


def _session_view(session: GrantedSession) -> SessionView:
    return SessionView(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        user=UserView.from_user(session.user),
    )
