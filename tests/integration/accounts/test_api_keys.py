"""API keys: made once, stored as a hash, bound to their account's state."""

import asyncio
import re
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from service.accounts.emails.mails import AccountMails
from service.accounts.keys.schemas import NewKey
from service.accounts.keys.service import LAST_USE_INTERVAL, MAX_KEYS
from service.accounts.models import ApiKey, User
from service.accounts.responses import NewKeyView
from service.accounts.secret_hashes import hash_secret
from service.accounts.sessions.tokens import SessionIdentity
from service.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound
from service.mail.base import MailOrder
from service.mail.models import Mail
from service.mail.rendering import render_message
from tests.support.accounts import AccountActions
from tests.support.clock import FakeClock

T = TypeVar("T")


async def identify_new_user(
    users: AccountActions, name: str = "ingrid", *, admin: bool = False
) -> SessionIdentity:
    await users.create_user(name, admin=admin)
    session = await users.log_in(name)
    return await users.accounts.identify(session.access_token)


@pytest.fixture
async def identity(users: AccountActions) -> SessionIdentity:
    return await identify_new_user(users)


async def create_key(
    users: AccountActions,
    identity: SessionIdentity,
    *scopes: str,
    expires_at: datetime | None = None,
) -> NewKeyView:
    body = {"name": "player", "scopes": scopes or ("read",)}
    if expires_at is not None:
        body["expires_at"] = expires_at.isoformat()
    return await users.accounts.keys.create(identity, NewKey.model_validate(body))


async def assert_invalid(users: AccountActions, secret: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        await users.accounts.keys.identify(secret)
    assert refused.value.code == "invalid_key"


async def test_a_key_identifies_its_user_with_its_scopes(
    users: AccountActions, identity: SessionIdentity
) -> None:
    key = await create_key(users, identity, "write", "read")
    owner = await users.accounts.keys.identify(key.key)
    assert (owner.user_id, owner.username) == (identity.user_id, "ingrid")
    assert (owner.key_id, owner.scopes) == (key.id, {"read", "write"})
    assert key.scopes == ("read", "write")


async def test_a_key_is_recognizable_has_256_random_bits_and_is_stored_as_its_hash_only(
    users: AccountActions, identity: SessionIdentity
) -> None:
    with capture_logs() as logs:
        keys = [await create_key(users, identity) for _ in range(3)]
    assert len({key.key for key in keys}) == 3
    assert all(re.fullmatch(r"mvk_[A-Za-z0-9]{43}", key.key) for key in keys)
    rows = await ApiKey.all().order_by("id")
    assert [row.digest for row in rows] == [hash_secret(key.key) for key in keys]
    stored = repr([dict(row) for row in rows]) + repr(logs)
    assert not any(key.key in stored or key.key[4:20] in stored for key in keys)
    assert [row.ending for row in rows] == [key.key[-4:] for key in keys]


async def test_a_mail_tells_the_owner_of_a_new_key_without_the_key(
    users: AccountActions, identity: SessionIdentity, clock: FakeClock
) -> None:
    key = await create_key(users, identity)
    mail = await Mail.get(kind="key_created")
    assert (mail.recipient, mail.account_id) == ("ingrid@example.org", identity.user_id)
    order = MailOrder(mail.id, "key_created", mail.recipient, "en", mail.account_id)
    content = await AccountMails("https://films.example", clock).compose(order)
    assert content is not None
    message = render_message(
        order, content, "https://films.example", "movies@films.example", clock()
    )
    assert message["Subject"] == "An API key was made for your account"
    assert "https://films.example/forgot-password" in message.as_string()
    assert key.key not in message.as_string()


async def test_anything_that_is_no_key_is_refused_alike(
    users: AccountActions, identity: SessionIdentity
) -> None:
    key = (await create_key(users, identity)).key
    wrong = [
        *("", "mvk_", key[:-1], key + "a", key.upper(), " " + key, key[4:], "mvk_" + "a" * 43),
        *(key + "\n", "mvk_" + "é" * 43, "\ud800", hash_secret(key), "a" * 100_000),
    ]
    for text in wrong:
        await assert_invalid(users, text)


async def test_an_expired_key_is_refused(
    users: AccountActions, identity: SessionIdentity, clock: FakeClock
) -> None:
    key = await create_key(users, identity, expires_at=clock() + timedelta(hours=1))
    clock.advance(3_599)
    assert await users.accounts.keys.identify(key.key)
    clock.advance(1)
    await assert_invalid(users, key.key)


async def test_a_key_that_would_have_expired_already_is_refused(
    users: AccountActions, identity: SessionIdentity, clock: FakeClock
) -> None:
    with pytest.raises(Invalid) as refused:
        await create_key(users, identity, expires_at=clock())
    assert [error.pointer for error in refused.value.errors] == ["/expires_at"]
    assert await ApiKey.all().count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("name", "a\u202eb"),
        ("name", "a\nb"),
        ("scopes", []),
        ("scopes", ["read", "read"]),
        ("scopes", ["root"]),
        ("scopes", "read"),
        ("expires_at", 4_000_000_000),
        ("expires_at", "2100-01-01T00:00:00"),
        ("expires_at", "soon"),
        ("expires_at", "9999-12-31T23:59:59-14:00"),
        ("expires_at", "0001-01-01T00:00:00+14:00"),
        ("user_id", "x"),
    ],
)
@pytest.mark.once
def test_a_wrong_field_of_a_new_key_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        NewKey.model_validate({"name": "player", "scopes": ["read"], field: value})


async def test_the_last_use_is_noted_at_most_once_a_minute(
    users: AccountActions, identity: SessionIdentity, clock: FakeClock
) -> None:
    key = (await create_key(users, identity)).key
    first_use = clock()
    for seconds in (0, 30, 29):
        clock.advance(seconds)
        await users.accounts.keys.identify(key)
        (entry,) = await users.accounts.keys.list_keys(identity)
        assert entry.last_used_at == first_use
    clock.advance(LAST_USE_INTERVAL.total_seconds() - 59)
    await users.accounts.keys.identify(key)
    (entry,) = await users.accounts.keys.list_keys(identity)
    assert entry.last_used_at == first_use + LAST_USE_INTERVAL


async def test_a_deleted_key_stops_at_once_and_others_go_on(
    users: AccountActions, identity: SessionIdentity
) -> None:
    deleted, other = await create_key(users, identity), await create_key(users, identity)
    await users.accounts.keys.delete(identity, str(deleted.id))
    await assert_invalid(users, deleted.key)
    assert await users.accounts.keys.identify(other.key)
    assert [key.id for key in await users.accounts.keys.list_keys(identity)] == [other.id]


@pytest.mark.parametrize("key_id", ["", "x", "01993f85-6b4d-7f32-9c8e-2a3b4c5d6e7f"])
async def test_an_unknown_key_cannot_be_deleted(
    users: AccountActions, identity: SessionIdentity, key_id: str
) -> None:
    with pytest.raises(NotFound) as refused:
        await users.accounts.keys.delete(identity, key_id)
    assert refused.value.code == "key_not_found"


async def test_a_key_of_somebody_else_can_neither_be_seen_nor_deleted(
    users: AccountActions, identity: SessionIdentity
) -> None:
    key = await create_key(users, identity)
    other = await identify_new_user(users, "olga")
    assert await users.accounts.keys.list_keys(other) == []
    with pytest.raises(NotFound):
        await users.accounts.keys.delete(other, str(key.id))
    assert await users.accounts.keys.identify(key.key)


async def test_a_logout_of_all_sessions_leaves_keys_as_they_are(
    users: AccountActions, identity: SessionIdentity
) -> None:
    key = await create_key(users, identity)
    await users.accounts.logout_all(identity)
    assert await users.accounts.keys.identify(key.key)


async def test_keys_of_a_deleted_account_stop_at_once(
    users: AccountActions, identity: SessionIdentity
) -> None:
    key = await create_key(users, identity)
    await User.filter(id=identity.user_id).delete()
    await assert_invalid(users, key.key)


@pytest.mark.parametrize("column", ["erase_at", "disabled_at"])
async def test_keys_stop_while_their_account_is_disabled_or_waits_to_be_erased(
    users: AccountActions, identity: SessionIdentity, clock: FakeClock, column: str
) -> None:
    key = await create_key(users, identity)
    await User.filter(id=identity.user_id).update(**{column: clock()})
    await assert_invalid(users, key.key)
    await User.filter(id=identity.user_id).update(**{column: None})
    assert await users.accounts.keys.identify(key.key)


async def test_a_session_that_has_just_ended_makes_no_key(
    users: AccountActions, identity: SessionIdentity
) -> None:
    await users.accounts.sessions.end(identity.session_id)
    with pytest.raises(NotAuthenticated) as refused:
        await create_key(users, identity)
    assert refused.value.code == "invalid_token"
    assert await ApiKey.all().count() == 0


async def test_an_admins_key_needs_the_scope_and_loses_it_when_the_owner_is_demoted(
    users: AccountActions,
) -> None:
    admin = await identify_new_user(users, "root", admin=True)
    reading, ruling = (
        await create_key(users, admin, "read"),
        await create_key(users, admin, "admin"),
    )
    assert not (await users.accounts.keys.identify(reading.key)).is_admin
    assert (await users.accounts.keys.identify(ruling.key)).is_admin
    await User.filter(id=admin.user_id).update(is_admin=False)
    assert not (await users.accounts.keys.identify(ruling.key)).is_admin


async def test_only_an_admin_makes_a_key_with_the_scope_admin(
    users: AccountActions, identity: SessionIdentity
) -> None:
    with pytest.raises(NotAllowed) as refused:
        await create_key(users, identity, "read", "admin")
    assert refused.value.code == "admin_required"
    assert await ApiKey.all().count() == 0


async def test_a_user_has_a_limited_number_of_keys_even_when_made_at_once(
    users: AccountActions, identity: SessionIdentity, clock: FakeClock
) -> None:
    for number in range(MAX_KEYS - 2):
        await ApiKey.create(
            digest=f"{number:064}",
            user_id=identity.user_id,
            name="player",
            scopes="read",
            ending="0000",
            created_at=clock(),
        )
    results = await asyncio.gather(
        *(create_key(users, identity) for _ in range(6)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Conflict)]
    assert [error.code for error in refused] == ["too_many_keys"] * 4
    assert await ApiKey.filter(user_id=identity.user_id).count() == MAX_KEYS
    other = await identify_new_user(users, "olga")
    assert await create_key(users, other)


@pytest.mark.once
async def test_keys_are_made_and_deleted_while_another_process_writes(
    users: AccountActions, identity: SessionIdentity, database: str
) -> None:
    path = database.removeprefix("sqlite://").partition("?")[0]
    with closing(sqlite3.connect(path, isolation_level=None)) as other_process:

        async def run_beside_a_write(work: Coroutine[Any, Any, T]) -> T:
            other_process.execute("BEGIN IMMEDIATE")
            other_process.execute("UPDATE users SET updated_at = updated_at")
            task = asyncio.create_task(work)
            await asyncio.sleep(0.2)  # as a rule it waits for the lock by now
            other_process.execute("COMMIT")
            return await task

        key = await run_beside_a_write(create_key(users, identity))
        assert await users.accounts.keys.identify(key.key)
        await run_beside_a_write(users.accounts.keys.delete(identity, str(key.id)))
    await assert_invalid(users, key.key)


@pytest.mark.once
def test_an_expiry_keeps_its_offset() -> None:
    key = NewKey.model_validate(
        {"name": "player", "scopes": ["read"], "expires_at": "2100-01-01T02:00:00+02:00"}
    )
    assert key.expires_at == datetime(2100, 1, 1, tzinfo=UTC)
