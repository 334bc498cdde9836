"""Addresses that are confirmed and changed, and passwords that are reset, with real mails."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from indexer.mail_worker import MailWorker
from service.accounts.emails.link_tokens import RETENTION
from service.accounts.emails.mails import AccountMails
from service.accounts.emails.schemas import AccountChange, PasswordReset
from service.accounts.emails.service import purge_accounts
from service.accounts.keys.schemas import NewKey
from service.accounts.models import AccountToken, LoginFailure, User
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.registration import CONFIRMATION_LIFETIME, RegistrationPolicy
from service.accounts.responses import PendingAccountView, UserView
from service.accounts.schemas import Credentials, NewAccount, PasswordChange
from service.accounts.service import AccountService
from service.errors import Conflict, DomainError, Invalid, NotAllowed
from service.mail.models import Mail
from service.mail.smtp import SmtpTransport
from service.mail_url import SmtpServer
from tests.support.accounts import ADDRESS, HASH_MEMORY, PASSWORD, SECRET, AccountActions
from tests.support.clock import FakeClock
from tests.support.mail_server import (
    MailServer,
    find_link,
    find_token,
    run_mail_server,
    text_of,
)
from tests.support.mails import SENDER, SERVICE_URL

EMAIL, NEW_EMAIL = "Ada@example.org", "ada@letters.example"
NEW_PASSWORD = "a longer battery, stapled"
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture
async def accounts(database: str, clock: FakeClock) -> AsyncIterator[AccountService]:
    """Yield accounts of a service that requires confirmed addresses."""
    policy = RegistrationPolicy(must_confirm_email=True)
    hasher = PasswordHasher(memory_kib=HASH_MEMORY)
    accounts = AccountService(SECRET, hasher, clock, policy)
    yield accounts
    await accounts.close()


@pytest.fixture
async def lenient_accounts(database: str, clock: FakeClock) -> AsyncIterator[AccountService]:
    """Yield accounts of a service that does not."""
    accounts = AccountService(SECRET, PasswordHasher(memory_kib=HASH_MEMORY), clock)
    yield accounts
    await accounts.close()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with run_mail_server() as server:
        yield server


@pytest.fixture
def worker(server: MailServer, clock: FakeClock) -> MailWorker:
    return MailWorker(
        SmtpTransport(SmtpServer("127.0.0.1", server.port, "none"), SENDER),
        AccountMails(SERVICE_URL, clock).compose,
        clock,
        "one",
        service_url=SERVICE_URL,
        sender=SENDER,
    )


async def register(
    accounts: AccountService, name: str = "ada", email: str = EMAIL
) -> UserView | PendingAccountView:
    account = NewAccount(username=name, email=email, password=SecretStr(PASSWORD))
    return await accounts.register(account)


async def register_and_confirm(
    accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    await register(accounts)
    await worker.send_due()
    await accounts.emails.confirm(find_token(server.mails.pop()))
    server.recipients.clear()


async def reset(accounts: AccountService, token: str, password: str = NEW_PASSWORD) -> None:
    body = PasswordReset(token=SecretStr(token), password=SecretStr(password))
    await accounts.emails.reset_password(body, "en")


async def assert_refused(call: "asyncio.Future[object] | object", code: str) -> None:
    with pytest.raises(DomainError) as error:
        await call
    assert error.value.code == code


async def test_an_account_can_be_used_once_its_address_is_confirmed(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    assert await register(accounts) == PendingAccountView(email=EMAIL)
    with pytest.raises(NotAllowed) as error:
        await users.log_in("ada")
    assert error.value.code == "email_not_confirmed"
    assert await worker.send_due() == 1
    assert server.recipients == [EMAIL]
    assert find_link(server.mails[0]).startswith(f"{SERVICE_URL}/verify-email#token=")
    token = find_token(server.mails[0])
    assert (await accounts.emails.confirm(token)).status == "confirmed"
    assert (await users.log_in("ada")).user.email_confirmed is True
    again = await accounts.emails.confirm(token)
    assert (again.status, again.email) == ("already_confirmed", EMAIL)


async def test_a_wrong_password_does_not_tell_that_an_address_is_unconfirmed(
    accounts: AccountService, users: AccountActions
) -> None:
    await register(accounts)
    await assert_refused(users.log_in("ada", "wrong password"), "invalid_credentials")


async def test_no_token_is_stored_before_or_after_a_mail_is_sent(
    accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    await register(accounts)
    assert not await AccountToken.all().exists()
    with capture_logs() as logs:
        await worker.send_due()
    token = find_token(server.mails[0])
    stored = [str(dict(row)) for row in [*await Mail.all(), *await AccountToken.all()]]
    assert len(stored) == 2
    assert all(token not in text for text in [*stored, str(logs)])


async def test_a_taken_address_is_answered_like_a_new_one_and_its_owner_gets_a_mail(
    accounts: AccountService,
    users: AccountActions,
    server: MailServer,
    worker: MailWorker,
    clock: FakeClock,
) -> None:
    await register_and_confirm(accounts, server, worker)
    clock.advance(MINUTE + 1)
    response = await register(accounts, "mallory", "ADA@example.org")
    assert response == PendingAccountView(email="ADA@example.org")
    await worker.send_due()
    assert server.recipients == [EMAIL], "as its owner wrote it"
    assert "already\nbelongs to your account ada" in text_of(server.mails[0])
    assert "#token" not in text_of(server.mails[0])
    await assert_refused(users.log_in("mallory"), "email_not_confirmed")
    assert (await users.log_in("ada")).user.username == "ada"
    # The name is taken as well, or it would tell that the address was.
    await assert_refused(register(accounts, "mallory", "else@example.org"), "username_taken")


async def test_of_concurrent_registrations_of_one_address_one_can_be_confirmed(
    accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    names = [f"reader{number}" for number in range(4)]
    answers = await asyncio.gather(*(register(accounts, name) for name in names))
    assert answers == [PendingAccountView(email=EMAIL)] * 4
    await worker.send_due()
    tokens = list(map(find_token, server.mails))
    results = await asyncio.gather(*map(accounts.emails.confirm, tokens), return_exceptions=True)
    codes = [result.code for result in results if isinstance(result, DomainError)]
    assert codes == ["link_invalid"] * 3
    assert await User.filter(email=EMAIL).count() == 1
    assert await User.all().count() == 4


async def test_a_registration_cannot_capture_the_confirmation_of_somebody_else(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    await register(accounts, "trojan")
    await register(accounts, "ada")
    await worker.send_due()
    trojan, own = server.mails
    assert "Hello trojan," in text_of(trojan) and "Hello ada," in text_of(own)
    await accounts.emails.confirm(find_token(own))
    assert (await users.log_in("ada")).user.email == EMAIL
    await assert_refused(accounts.emails.confirm(find_token(trojan)), "link_invalid")
    await assert_refused(users.log_in("trojan"), "email_not_confirmed")


async def test_the_newest_account_gets_the_confirmation_that_is_requested_by_address(
    accounts: AccountService, server: MailServer, worker: MailWorker, clock: FakeClock
) -> None:
    await register(accounts, "trojan")
    clock.advance(1)
    await register(accounts, "ada")
    await accounts.emails.request_confirmation(EMAIL.lower(), "en")
    await worker.send_due()
    assert server.recipients == [EMAIL] * 3
    assert "Hello ada," in text_of(server.mails[2])


async def test_a_login_does_not_tell_whether_the_address_of_a_new_account_is_taken(
    accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    await register(accounts, "mallory", EMAIL)
    await register(accounts, "mallory2", NEW_EMAIL)
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    await reset(accounts, find_token(server.mails[-1]))
    for email in (EMAIL, NEW_EMAIL):
        credentials = Credentials(email=email, password=SecretStr(PASSWORD))
        await assert_refused(accounts.login(credentials, ADDRESS), "invalid_credentials")
    for name in ("mallory", "mallory2"):
        by_name = Credentials(username=name, password=SecretStr(PASSWORD))
        await assert_refused(accounts.login(by_name, ADDRESS), "email_not_confirmed")
    assert await LoginFailure.filter(failures=1).count() == 4, "each failure counts"


async def test_a_confirmation_link_expires_and_another_one_can_be_requested(
    accounts: AccountService,
    users: AccountActions,
    server: MailServer,
    worker: MailWorker,
    clock: FakeClock,
) -> None:
    await register(accounts)
    await worker.send_due()
    clock.advance(73 * HOUR)
    await assert_refused(accounts.emails.confirm(find_token(server.mails[0])), "link_expired")
    await accounts.emails.request_confirmation("ada@EXAMPLE.org", "de")
    await worker.send_due()
    assert server.mails[1]["Subject"] == "Bitte E-Mail-Adresse bestätigen"
    await accounts.emails.confirm(find_token(server.mails[1]))
    assert (await users.log_in("ada")).user.username == "ada"


async def test_requests_for_mails_are_throttled_per_address(
    accounts: AccountService, server: MailServer, worker: MailWorker, clock: FakeClock
) -> None:
    await register_and_confirm(accounts, server, worker)
    await User.filter(username="ada").update(confirmed_at=None)
    for kind in (accounts.emails.request_confirmation, accounts.emails.request_reset):
        server.mails.clear()
        for _ in range(5):
            for spelling in (EMAIL, EMAIL.lower(), EMAIL.upper()):
                await kind(spelling, "en")
            clock.advance(MINUTE + 1)
        for _ in range(5):
            await kind(EMAIL, "en")
            clock.advance(MINUTE + 1)
        await worker.send_due()
        assert len(server.mails) == 5
    clock.advance(DAY)
    await accounts.emails.request_confirmation(EMAIL, "en")
    assert await worker.send_due() == 1


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "\ud800", "é", "' OR 1=1 --"])
async def test_a_forged_token_is_refused(accounts: AccountService, token: str) -> None:
    await assert_refused(accounts.emails.confirm(token), "link_invalid")
    if token:
        await assert_refused(reset(accounts, token), "link_invalid")


async def test_a_token_works_for_its_own_purpose_only(
    accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    await User.filter(username="ada").update(confirmed_at=None)
    await accounts.emails.request_confirmation(EMAIL, "en")
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    tokens = {mail["Subject"]: find_token(mail) for mail in server.mails}
    confirmation = tokens["Confirm your e-mail address"]
    await assert_refused(reset(accounts, confirmation), "link_invalid")
    await assert_refused(accounts.emails.confirm(tokens["Set a new password"]), "link_invalid")


async def test_a_forgotten_password_is_reset_once_and_ends_all_sessions_and_keys(
    accounts: AccountService,
    users: AccountActions,
    server: MailServer,
    worker: MailWorker,
    clock: FakeClock,
) -> None:
    await register_and_confirm(accounts, server, worker)
    sessions = [await users.log_in("ada"), await users.log_in("ada")]
    identity = await accounts.identify(sessions[0].access_token)
    key = await accounts.keys.create(identity, NewKey(name="player", scopes=("read",)))
    await worker.send_due()
    assert server.mails.pop()["Subject"] == "An API key was made for your account"
    server.recipients.clear()
    await accounts.emails.request_reset("ada@example.ORG", "en")
    clock.advance(MINUTE + 1)
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    assert server.recipients == [EMAIL, EMAIL]
    first, second = (find_token(mail) for mail in server.mails)
    assert find_link(server.mails[0]).startswith(f"{SERVICE_URL}/reset-password#token=")
    with pytest.raises(Invalid) as weak:
        await reset(accounts, first, "ada@example.org1")
    assert "easy to guess" in weak.value.errors[0].detail, "and the link still works"
    await reset(accounts, first)
    for session in sessions:
        await users.assert_session_ended(session)
    await assert_refused(accounts.keys.identify(key.key), "invalid_key")
    await assert_refused(users.log_in("ada", PASSWORD), "invalid_credentials")
    assert (await users.log_in("ada", NEW_PASSWORD)).user.username == "ada"
    await assert_refused(reset(accounts, first), "link_used")
    await assert_refused(reset(accounts, second), "link_invalid")
    server.mails.clear()
    await worker.send_due()
    assert [mail["Subject"] for mail in server.mails] == ["Your password was changed"]


async def test_of_concurrent_resets_with_one_link_one_succeeds(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    token = find_token(server.mails[0])
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(6)]
    results = await asyncio.gather(
        *(reset(accounts, token, password) for password in passwords), return_exceptions=True
    )
    codes = [result.code for result in results if isinstance(result, Invalid)]
    assert codes == ["link_used"] * 5
    [winner] = [p for p, result in zip(passwords, results, strict=True) if result is None]
    assert (await users.log_in("ada", winner)).user.username == "ada"


async def test_a_reset_link_lasts_for_thirty_minutes_from_when_it_is_sent(
    accounts: AccountService, server: MailServer, worker: MailWorker, clock: FakeClock
) -> None:
    await register_and_confirm(accounts, server, worker)
    server.answers["RCPT"] = "450 later"
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    clock.advance(HOUR)
    server.answers.clear()
    await worker.send_due()
    clock.advance(29 * MINUTE)
    token = find_token(server.mails[0])
    assert await AccountToken.filter(purpose="reset_password").count() == 2
    clock.advance(MINUTE)
    await assert_refused(reset(accounts, token), "link_expired")


async def test_a_reset_confirms_the_address(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    await User.filter(username="ada").update(confirmed_at=None)
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    token = next(find_token(m) for m in server.mails if m["Subject"] == "Set a new password")
    await reset(accounts, token)
    assert (await users.log_in("ada", NEW_PASSWORD)).user.email_confirmed is True


async def test_a_request_for_an_unknown_address_does_the_same_and_sends_nothing(
    accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    await Mail.all().delete()
    for email in (EMAIL, "nobody@example.org"):
        await accounts.emails.request_reset(email, "en")
    rows = [
        (row.kind, row.language, row.account_id, row.created_at)
        for row in await Mail.all().order_by("recipient")
    ]
    assert len(rows) == 2 and rows[0] == rows[1]
    await accounts.emails.request_confirmation("nobody@example.org", "en")
    await worker.send_due()
    assert server.recipients == [EMAIL]
    assert await Mail.all().count() == 1, "the others are dropped, not kept"


async def test_an_address_is_changed_by_the_new_one_and_told_to_the_old_one(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    identity = await accounts.identify((await users.log_in("ada")).access_token)
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    reset_token = find_token(server.mails.pop())
    server.recipients.clear()
    wrong = AccountChange(email=NEW_EMAIL, current_password=SecretStr("wrong password"))
    await assert_refused(accounts.change_account(identity, wrong, ADDRESS), "password_wrong")
    change = AccountChange(email=NEW_EMAIL, current_password=SecretStr(PASSWORD))
    view = await accounts.change_account(identity, change, ADDRESS, "de")
    assert (view.email, view.new_email, view.email_confirmed) == (EMAIL, NEW_EMAIL, True)
    await worker.send_due()
    assert server.recipients == [NEW_EMAIL, EMAIL]
    assert server.mails[0]["Subject"] == "Bitte neue E-Mail-Adresse bestätigen"
    assert server.mails[1]["Subject"] == "Ihre E-Mail-Adresse soll geändert werden"
    assert "#token" not in text_of(server.mails[1])
    token = find_token(server.mails[0])
    assert (await accounts.emails.confirm(token)).email == NEW_EMAIL
    assert (await accounts.emails.confirm(token)).status == "already_confirmed"
    await worker.send_due()
    assert server.recipients == [NEW_EMAIL, EMAIL, EMAIL]
    assert server.mails[2]["Subject"] == "Your account has a new e-mail address"
    view = await accounts.get_user(identity.user_id)
    assert (view.email, view.new_email, view.email_confirmed) == (NEW_EMAIL, None, True)
    await assert_refused(reset(accounts, reset_token), "link_invalid")


async def test_a_change_to_a_taken_address_looks_the_same_and_its_owner_gets_a_mail(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    await register(accounts, "bob", "bob@example.org")
    await worker.send_due()
    await accounts.emails.confirm(find_token(server.mails.pop()))
    server.recipients.clear()
    identity = await accounts.identify((await users.log_in("bob")).access_token)
    change = AccountChange(email=EMAIL, current_password=SecretStr(PASSWORD))
    view = await accounts.change_account(identity, change, ADDRESS)
    assert (view.email, view.new_email) == ("bob@example.org", EMAIL)
    await worker.send_due()
    assert server.recipients == [EMAIL, "bob@example.org"]
    assert server.mails[0]["Subject"] == "You already have an account"


async def test_an_address_that_was_taken_before_its_confirmation_stays_with_its_owner(
    accounts: AccountService, users: AccountActions, server: MailServer, worker: MailWorker
) -> None:
    await register_and_confirm(accounts, server, worker)
    identity = await accounts.identify((await users.log_in("ada")).access_token)
    change = AccountChange(email=NEW_EMAIL, current_password=SecretStr(PASSWORD))
    await accounts.change_account(identity, change, ADDRESS)
    await worker.send_due()
    token = find_token(server.mails[0])
    await register(accounts, "bob", NEW_EMAIL)
    await worker.send_due()
    await accounts.emails.confirm(find_token(server.mails[-1]))
    with pytest.raises(Conflict) as error:
        await accounts.emails.confirm(token)
    assert error.value.code == "email_taken"
    assert (await accounts.get_user(identity.user_id)).email == EMAIL


@pytest.mark.parametrize("is_reset", [True, False])
async def test_links_from_before_the_password_was_replaced_do_not_work(
    accounts: AccountService,
    users: AccountActions,
    server: MailServer,
    worker: MailWorker,
    is_reset: bool,
) -> None:
    await register_and_confirm(accounts, server, worker)
    identity = await accounts.identify((await users.log_in("ada")).access_token)
    change = AccountChange(email=NEW_EMAIL, current_password=SecretStr(PASSWORD))
    await accounts.change_account(identity, change, ADDRESS)
    await accounts.emails.request_reset(EMAIL, "en")
    await worker.send_due()
    mails = {mail["Subject"]: mail for mail in server.mails}
    reset_token = find_token(mails["Set a new password"])
    change_token = find_token(mails["Confirm your new e-mail address"])
    if is_reset:
        await reset(accounts, reset_token)
    else:
        new_password = PasswordChange(
            current_password=SecretStr(PASSWORD), new_password=SecretStr(NEW_PASSWORD)
        )
        await accounts.change_password(identity, new_password, ADDRESS)
    await assert_refused(accounts.emails.confirm(change_token), "link_invalid")
    code = "link_used" if is_reset else "link_invalid"
    await assert_refused(reset(accounts, reset_token, PASSWORD), code)
    view = await accounts.get_user(identity.user_id)
    assert (view.email, view.new_email) == (EMAIL, None)


async def test_without_confirmations_an_address_changes_at_once(
    lenient_accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    users = AccountActions(lenient_accounts)
    await users.create_user("ada")
    await users.create_user("bob")
    identity = await lenient_accounts.identify((await users.log_in("ada")).access_token)
    taken = AccountChange(email="BOB@example.org", current_password=SecretStr(PASSWORD))
    await assert_refused(lenient_accounts.change_account(identity, taken, ADDRESS), "email_taken")
    change = AccountChange(email=NEW_EMAIL, current_password=SecretStr(PASSWORD))
    view = await lenient_accounts.change_account(identity, change, ADDRESS)
    assert (view.email, view.new_email, view.email_confirmed) == (NEW_EMAIL, None, False)
    await worker.send_due()
    assert server.recipients == ["ada@example.org"]


async def test_an_address_that_nobody_confirmed_gets_one_notice_of_a_kind_a_day(
    lenient_accounts: AccountService, server: MailServer, worker: MailWorker
) -> None:
    users = AccountActions(lenient_accounts)
    await users.create_user("ada")
    identity = await lenient_accounts.identify((await users.log_in("ada")).access_token)
    bystander = "Eve@letters.example"
    for number in range(4):
        for email in (bystander, bystander.upper(), f"ada{number}@example.org"):
            change = AccountChange(email=email, current_password=SecretStr(PASSWORD))
            await lenient_accounts.change_account(identity, change, ADDRESS)
    await worker.send_due()
    assert [to for to in server.recipients if to.lower() == bystander.lower()] == [
        bystander.lower()
    ]
    passwords = [PASSWORD, NEW_PASSWORD, f"{NEW_PASSWORD} again"]
    server.mails.clear()
    for current, new in pairwise(passwords):
        replaced = PasswordChange(current_password=SecretStr(current), new_password=SecretStr(new))
        await lenient_accounts.change_password(identity, replaced, ADDRESS)
    await worker.send_due()
    assert [mail["Subject"] for mail in server.mails] == ["Your password was changed"]


async def test_accounts_that_nobody_confirms_are_deleted_with_their_names(
    accounts: AccountService, server: MailServer, worker: MailWorker, clock: FakeClock
) -> None:
    await register_and_confirm(accounts, server, worker)
    await register(accounts, "bob", "bob@example.org")
    await register(accounts, "mallory", EMAIL)
    await worker.send_due()
    clock.advance(CONFIRMATION_LIFETIME.total_seconds())
    await purge_accounts(clock, ())
    assert await User.all().count() == 3
    clock.advance(1)
    await purge_accounts(clock, ())
    assert [user.username for user in await User.all()] == ["ada"]
    assert await AccountToken.all().count() == 1, "the others went with their accounts"
    clock.advance(RETENTION.total_seconds() + 3 * DAY)
    await purge_accounts(clock, ())
    assert not await AccountToken.all().exists()
    await register(accounts, "bob", "bob@example.org")


async def test_accounts_from_before_confirmations_were_required_must_be_confirmed_and_are_kept(
    accounts: AccountService,
    lenient_accounts: AccountService,
    server: MailServer,
    worker: MailWorker,
    clock: FakeClock,
) -> None:
    await AccountActions(lenient_accounts).create_user("ada")
    await AccountActions(lenient_accounts).create_user("root", admin=True)
    users = AccountActions(accounts)
    await assert_refused(users.log_in("ada"), "email_not_confirmed")
    assert (await users.log_in("root")).user.is_admin, "it has no address to confirm"
    clock.advance(30 * DAY)
    await purge_accounts(clock, ())
    await accounts.emails.request_confirmation("ada@example.org", "en")
    await worker.send_due()
    await accounts.emails.confirm(find_token(server.mails[0]))
    assert (await users.log_in("ada")).user.username == "ada"


async def test_accounts_that_are_used_without_confirmation_are_kept(
    accounts: AccountService, lenient_accounts: AccountService, clock: FakeClock
) -> None:
    await register(accounts)
    await register(accounts, "bob")
    users = AccountActions(lenient_accounts)
    assert (await users.log_in("ada")).user.email == EMAIL
    assert (await users.log_in("bob")).user.email is None, "another account has the address"
    clock.advance(30 * DAY)
    await purge_accounts(clock, ())
    assert await User.all().count() == 2


async def test_mails_are_in_the_language_that_the_user_chose_whoever_causes_them(
    accounts: AccountService,
    users: AccountActions,
    server: MailServer,
    worker: MailWorker,
    clock: FakeClock,
) -> None:
    await register_and_confirm(accounts, server, worker)
    identity = await accounts.identify((await users.log_in("ada")).access_token)
    for chosen in ("de", None):
        view = await accounts.change_account(identity, AccountChange(language=chosen), ADDRESS)
        assert view.language == chosen
        await accounts.change_account(identity, AccountChange(profile="public"), ADDRESS)
        await accounts.emails.request_reset(EMAIL, "en")
        await worker.send_due()
        clock.advance(DAY)
    subjects = [mail["Subject"] for mail in server.mails]
    assert subjects == ["Neues Passwort setzen", "Set a new password"]
    assert [mail["Content-Language"] for mail in server.mails] == ["de", "en"]
