"""The API of confirmed addresses, resets and invites, on a service with a real mail server.

The service requires confirmed addresses and invites; it is stopped and started by the tests of
this file alone.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.http.requests import FORM
from tests.support.backends import temporary_database
from tests.support.mail_server import MailServer, find_token, run_mail_server
from tests.support.service_runner import (
    ADMIN,
    ApiClient,
    Response,
    open_in_thread,
    run_command,
    run_service,
)
from tests.support.waiting import wait_until

PASSWORD, NEW_PASSWORD = "correct horse battery", "a longer battery, stapled"


@pytest.fixture(scope="module")
async def mail_server() -> AsyncIterator[MailServer]:
    async with run_mail_server() as server:
        yield server


@pytest.fixture(scope="module")
async def mail_api(
    stack: str,
    service_environment: dict[str, str],
    mail_server: MailServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ApiClient]:
    """Yield a client of a service that sends mail to the server of the tests."""
    folder: Path = tmp_path_factory.mktemp("mail")
    async for database in temporary_database() if stack == "full" else _one(folder):
        settings = {
            **service_environment,
            "DATABASE_URL": database,
            "SEARCH_URL": f"tantivy://{folder}/index",
            "MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}?tls=none&from=movies@films.example",
            "PUBLIC_URL": "https://films.example",
            "EMAIL_VERIFICATION": "required",
            "REGISTRATION": "invite",
        }
        admin = ("create-admin", ADMIN[0])
        created = await asyncio.to_thread(run_command, settings, *admin, stdin=f"{ADMIN[1]}\n")
        assert created.returncode == 0, created.stderr
        async with (
            open_in_thread(run_service(settings)) as service,
            ApiClient.connect(service) as client,
        ):
            yield client


async def _one(folder: Path) -> AsyncIterator[str]:
    yield f"sqlite://{folder}/movies.db"


async def post(api: ApiClient, path: str, body: object, **options: object) -> Response:
    return await api.request("POST", f"/api/v1/{path}", json=body, **options)


async def wait_for_token(server: MailServer, recipient: str, subject: str) -> str:
    """Return the token of the newest mail to `recipient` with this subject."""

    async def find() -> str | None:
        mails = [m for m in server.mails if m["To"] == recipient and m["Subject"] == subject]
        return find_token(mails[-1]) if mails else None

    return str(await wait_until(find))


async def test_from_an_invite_to_a_reset_password(
    mail_api: ApiClient, mail_server: MailServer
) -> None:
    api, name = mail_api, f"user-{uuid.uuid4().hex[:12]}"
    email, german = f"{name}@example.org", {"Accept-Language": "de"}
    account = {"username": name, "email": email, "password": PASSWORD}
    refused = await post(api, "auth/register", account)
    assert (refused.status, refused.json["code"]) == (403, "invite_required")
    admin = await api.admin_token()
    invite = await post(api, "admin/invites", {"days": 1}, token=admin)
    assert invite.status == 201 and invite.json.keys() == {"id", "code", "expires_at"}
    account["invite"] = invite.json["code"]
    registered = await post(api, "auth/register", account, headers=german)
    assert registered.status == 202
    assert registered.json == {"status": "confirmation_required", "email": email}
    credentials = {"username": name, "password": PASSWORD}
    refused = await post(api, "auth/login", credentials)
    assert (refused.status, refused.json["code"]) == (403, "email_not_confirmed")

    token = await wait_for_token(mail_server, email, "Bitte E-Mail-Adresse bestätigen")
    for method in ("GET", "HEAD"):
        scanned = await api.request(method, "/api/v1/auth/verify-email")
        assert scanned.status == 405
    assert (await post(api, "auth/login", credentials)).status == 403
    for status in ("confirmed", "already_confirmed"):
        confirmed = await post(api, "auth/verify-email", {"token": token})
        assert (confirmed.status, confirmed.json) == (200, {"status": status, "email": email})
        assert confirmed.headers["Cache-Control"] == "no-store"
    session = await post(api, "auth/login", credentials)
    assert (session.status, session.json["user"]["email_confirmed"]) == (200, True)

    forgot = await post(api, "auth/password/forgot", {"email": email})
    assert (forgot.status, forgot.json) == (202, {"status": "accepted"})
    token = await wait_for_token(mail_server, email, "Set a new password")
    reset = {"token": token, "password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    weak = await post(api, "auth/password/reset", {"token": token, "password": "password1"})
    assert weak.status == 422
    assert weak.json["errors"][0]["pointer"] == "/password"
    assert "common password" in weak.json["errors"][0]["detail"]
    assert (await post(api, "auth/password/reset", reset)).status == 204
    used = await post(api, "auth/password/reset", reset)
    assert (used.status, used.json["code"]) == (422, "link_used")
    assert (await api.get("/api/v1/me", token=session.json["access_token"])).status == 401
    assert (await post(api, "auth/login", credentials)).status == 401
    session = await post(api, "auth/login", {**credentials, "password": NEW_PASSWORD})

    new_email = f"new-{name}@example.org"
    change = {"email": new_email, "current_password": NEW_PASSWORD}
    me = await api.request("PATCH", "/api/v1/me", json=change, token=session.json["access_token"])
    assert (me.status, me.json["email"], me.json["new_email"]) == (200, email, new_email)
    token = await wait_for_token(mail_server, new_email, "Confirm your new e-mail address")
    assert (await post(api, "auth/verify-email", {"token": token})).json["email"] == new_email


async def test_addresses_with_and_without_an_account_are_answered_alike(
    mail_api: ApiClient,
) -> None:
    admin = await mail_api.admin_token()
    name = f"user-{uuid.uuid4().hex[:12]}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    created = await post(mail_api, "auth/register", account, token=admin)
    assert (created.status, created.json["email_confirmed"]) == (201, True)
    for path in ("auth/password/forgot", "auth/verify-email/resend"):
        registered = await post(mail_api, path, {"email": account["email"]})
        unknown = await post(mail_api, path, {"email": f"no-{name}@example.org"})
        assert (registered.status, registered.body) == (
            unknown.status,
            unknown.body,
        )
        assert registered.headers.keys() == unknown.headers.keys()
    answers = []
    for email in (account["email"], f"no-{name}@example.org"):
        invite = await post(mail_api, "admin/invites", {}, token=admin)
        taken = {**account, "username": f"u-{uuid.uuid4().hex[:12]}", "email": email}
        answer = await post(mail_api, "auth/register", taken | {"invite": invite.json["code"]})
        answers.append((answer.status, {**answer.json, "email": ""}, answer.headers.keys()))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("auth/verify-email", {}, "/token"),
        ("auth/verify-email", {"token": "x" * 201}, "/token"),
        ("auth/verify-email/resend", {"email": "a\r\nBcc: b@example.org"}, "/email"),
        ("auth/password/forgot", {"email": "a@example.org\n"}, None),
        ("auth/password/forgot", {"email": "a@b.example, c@d.example"}, "/email"),
        ("auth/password/reset", {"token": "x", "password": "short"}, "/password"),
        ("auth/verify-email", {"token": "x", "extra": 1}, "/extra"),
    ],
)
async def test_an_account_request_with_bad_input_names_the_field(
    mail_api: ApiClient, path: str, body: dict[str, object], pointer: str | None
) -> None:
    response = await post(mail_api, path, body)
    if pointer is None:  # white space around an address is not part of it
        assert response.status == 202
        return
    assert response.status == 422
    assert [error["pointer"] for error in response.json["errors"]] == [pointer]


async def register_by_admin(api: ApiClient) -> tuple[str, str]:
    """Return name and address of a new account that waits for its confirmation."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    invite = await post(api, "admin/invites", {}, token=await api.admin_token())
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    registered = await post(api, "auth/register", account | {"invite": invite.json["code"]})
    assert registered.status == 202
    return name, account["email"]


async def send_form(api: ApiClient, path: str, language: str = "en", **fields: str) -> Response:
    headers = {"Accept-Language": language}
    return await api.request("POST", path, data=fields, headers=headers)


async def test_the_plain_forms_confirm_an_address_and_reset_a_password(
    mail_api: ApiClient, mail_server: MailServer
) -> None:
    name, email = await register_by_admin(mail_api)
    token = await wait_for_token(mail_server, email, "Confirm your e-mail address")
    for method in ("GET", "HEAD"):
        page = await mail_api.request(method, "/verify-email")
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert (
        b'<form class="form" method="post" action="/verify-email">'
        in (await mail_api.get("/verify-email")).body
    )
    wrong = await send_form(mail_api, "/verify-email", token="<script>alert(1)</script>")
    assert (wrong.status, b"<script>alert" in wrong.body) == (422, False)
    assert b"This link does not work." in wrong.body
    link = f"https://films.example/verify-email#token={token}"
    confirmed = await send_form(mail_api, "/verify-email", "de", token=f" {link} ")
    assert confirmed.status == 200
    assert "Die Adresse ist bestätigt.".encode() in confirmed.body
    again = await send_form(mail_api, "/verify-email", token=token)
    assert (again.status, b"was already confirmed" in again.body) == (200, True)

    forgot = await send_form(mail_api, "/forgot-password", email=email)
    assert (forgot.status, b"a mail is on its way" in forgot.body) == (200, True)
    token = await wait_for_token(mail_server, email, "Set a new password")
    weak = await send_form(mail_api, "/reset-password", token=token, password="password1")
    assert (weak.status, b"common password" in weak.body) == (422, True)
    assert b"password1" not in weak.body
    weak = await send_form(mail_api, "/reset-password", "de", token=token, password="password1")
    assert b"Ist leicht zu erraten." in weak.body
    assert b"common password" not in weak.body
    assert f'value="{token}"'.encode() in weak.body, "the link need not be pasted again"
    done = await send_form(mail_api, "/reset-password", token=token, password=NEW_PASSWORD)
    assert (done.status, b"The new password is set." in done.body) == (200, True)
    credentials = {"username": name, "password": NEW_PASSWORD}
    assert (await post(mail_api, "auth/login", credentials)).status == 200
    used = await send_form(mail_api, "/reset-password", token=token, password=NEW_PASSWORD)
    assert (used.status, b"was used before" in used.body) == (422, True)


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password", "/forgot-password"])
async def test_a_form_without_its_fields_is_shown_again(mail_api: ApiClient, path: str) -> None:
    assert (await send_form(mail_api, path)).status == 422
    headers = {"Content-Type": FORM}
    assert (
        await mail_api.request("POST", path, data=b"\xff\x00%zz", headers=headers)
    ).status == 422


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password", "/forgot-password"])
async def test_a_form_that_no_browser_sends_is_refused_before_it_is_parsed(
    mail_api: ApiClient, path: str
) -> None:
    for content_type, body, status in (
        ("application/json", b'{"token": "x"}', 415),
        ("multipart/form-data", b"x", 415),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n", 415),
        (FORM, b"token=" + b"x" * 4_096, 413),
        (FORM, b"&".join([b"%41=%41"] * 31_900), 413),
        (FORM, b"a=b&" * 10 + b"token=x", 400),
    ):
        response = await mail_api.request(
            "POST", path, data=body, headers={"Content-Type": content_type}
        )
        assert response.status == status, (content_type, response.body)


async def test_every_file_that_a_form_names_is_there(mail_api: ApiClient) -> None:
    page = (await mail_api.get("/reset-password")).body.decode()
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(addresses) == 7
    for address in addresses:
        assert (await mail_api.get(address)).status == 200, address


async def test_only_admins_make_invites(mail_api: ApiClient) -> None:
    assert (await post(mail_api, "admin/invites", {})).status == 401
    response = await post(
        mail_api, "admin/invites", {"days": 91}, token=await mail_api.admin_token()
    )
    assert response.status == 422


async def test_the_doctor_tries_the_mail_server(mail_api: ApiClient) -> None:
    doctor = await asyncio.to_thread(mail_api.service.run, "doctor")
    line = next(line for line in doctor.stdout.splitlines() if " mail " in line)
    assert line.startswith("ok") and "the mail server answers" in line
