"""An account from its registration to its erasure: a whole service, and a real mail server."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.faults.database import DirectDatabase
from tests.support.api_accounts import PASSWORD, create_key, log_in, request_with_key
from tests.support.backends import BACKEND_TIMEOUT, temporary_database, temporary_index
from tests.support.exports import read_json, read_table, unpack
from tests.support.mail_server import MailServer, find_token, run_mail_server, text_of
from tests.support.service_runner import (
    ApiClient,
    Response,
    Service,
    embedded_settings,
    open_in_thread,
    run_service,
)
from tests.support.waiting import wait_until

NAME, EMAIL = "ada", "ada@films.example"
ACCOUNT = {"username": NAME, "email": EMAIL, "password": PASSWORD}
DELETION = "/api/v1/me/deletion"
CONFIRMATION = "Confirm your e-mail address"


@pytest.fixture
async def own_settings(
    stack: str, stack_settings: dict[str, str], tmp_path: Path
) -> AsyncIterator[dict[str, str]]:
    """Yield the settings of a service that shares no database and no index with others."""
    if stack == "embedded":
        yield embedded_settings(tmp_path)
        return
    async for database_url in temporary_database():
        async for index in temporary_index("accounts", f"&timeout={BACKEND_TIMEOUT}"):
            yield {**stack_settings, "DATABASE_URL": database_url, "SEARCH_URL": index}


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    async with run_mail_server() as server:
        yield server


@pytest.fixture
async def strict_service(
    own_settings: dict[str, str], mail_server: MailServer
) -> AsyncIterator[Service]:
    """Yield a service that sends real mail and wants confirmed addresses."""
    settings = {
        **own_settings,
        "MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}?tls=none&from=movies@films.example",
        "PUBLIC_URL": "https://films.example",
        "EMAIL_VERIFICATION": "required",
    }
    async with open_in_thread(run_service(settings)) as service:
        yield service


async def wait_for_mail(server: MailServer, subject: str, number: int = 1) -> EmailMessage:
    """Return the mail with this number among those with this subject, once it has arrived."""

    async def find() -> EmailMessage | None:
        mails = [mail for mail in server.mails if mail["Subject"] == subject]
        return mails[number - 1] if len(mails) >= number else None

    mail: EmailMessage = await wait_until(find)
    assert set(server.recipients) == {EMAIL}
    return mail


async def wait_for_archive(api: ApiClient, address: str, token: str) -> Response:
    async def is_made() -> Response | None:
        response = await api.get(address, token=token)
        return response if response.status == 200 else None

    archive: Response = await wait_until(is_made)
    return archive


async def request_deletion(api: ApiClient, token: str) -> None:
    response = await api.request("POST", DELETION, token=token, json={"password": PASSWORD})
    assert response.status == 202, response.json


async def let_the_week_pass(database: DirectDatabase) -> None:
    """Have the account be due, and the task that erases accounts."""
    await database.execute("UPDATE users SET erase_at = '2020-01-01 00:00:00+00:00'")
    await database.execute("UPDATE scheduled_tasks SET due_at = 0 WHERE name = 'erase_accounts'")


async def register_and_confirm(api: ApiClient, server: MailServer, number: int) -> str:
    """Return the token of the first login.

    Args:
        number: of the registration with this address.
    """
    registered = await api.request("POST", "/api/v1/auth/register", json=ACCOUNT)
    assert registered.status == 202, registered.json
    credentials = {"username": NAME, "password": PASSWORD}
    refused = await api.request("POST", "/api/v1/auth/login", json=credentials)
    assert (refused.status, refused.json["code"]) == (403, "email_not_confirmed")
    token = find_token(await wait_for_mail(server, CONFIRMATION, number))
    confirmed = await api.request("POST", "/api/v1/auth/verify-email", json={"token": token})
    assert confirmed.json == {"status": "confirmed", "email": EMAIL}
    return (await log_in(api, NAME, PASSWORD)).token


async def check_export(api: ApiClient, token: str) -> None:
    requested = await api.request("POST", "/api/v1/me/exports", token=token)
    archive = await wait_for_archive(api, requested.headers["Location"], token)
    files = unpack(archive.body)
    [account] = read_json(files, "account")
    assert (account["username"], account["email"]) == (NAME, EMAIL)
    assert [row["name"] for row in read_table(files, "keys")] == ["player"]
    assert [row["kind"] for row in read_json(files, "mails")] == ["register", "key_created"]
    assert len(read_json(files, "sessions")) == 1


async def test_an_account_lives_from_its_registration_to_its_erasure(
    strict_service: Service, own_settings: dict[str, str], mail_server: MailServer
) -> None:
    async with ApiClient.connect(strict_service) as api:
        token = await register_and_confirm(api, mail_server, 1)
        key = str((await create_key(api, token, "read"))["key"])
        shown = await request_with_key(api, key, "GET", "/api/v1/me")
        assert shown.json["username"] == NAME
        await check_export(api, token)

        await request_deletion(api, token)
        notice = await wait_for_mail(mail_server, "Your account will be deleted")
        assert "/login" in text_of(notice)
        assert (await request_with_key(api, key, "GET", "/api/v1/me")).status == 401
        assert (await api.get("/api/v1/me", token=token)).status == 401
        back = await log_in(api, NAME, PASSWORD)
        hidden = await api.get("/api/v1/me", token=back.token)
        assert (hidden.status, hidden.json["code"]) == (403, "deletion_pending")
        assert (await api.request("DELETE", DELETION, token=back.token)).status == 204
        assert (await request_with_key(api, key, "GET", "/api/v1/me")).status == 200

        await request_deletion(api, back.token)
        await let_the_week_pass(DirectDatabase(own_settings["DATABASE_URL"]))

        async def is_unknown() -> bool:
            credentials = {"username": NAME, "password": PASSWORD}
            answer = await api.request("POST", "/api/v1/auth/login", json=credentials)
            return answer.status == 401

        await wait_until(is_unknown, interval=1.0)
        assert (await request_with_key(api, key, "GET", "/api/v1/me")).status == 401
        await register_and_confirm(api, mail_server, 2)
        assert (await request_with_key(api, key, "GET", "/api/v1/me")).status == 401
