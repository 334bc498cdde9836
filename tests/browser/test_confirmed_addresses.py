"""Registering with an invite and an address that must be confirmed, in a real browser."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import open_page
from tests.support.service_runner import (
    ADMIN,
    ApiClient,
    Service,
    embedded_settings,
    open_in_thread,
    run_command,
    run_service,
)

pytestmark = pytest.mark.once

PASSWORD = "correct horse battery"


@pytest.fixture
async def strict_service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Yield a service that wants invites and confirmed addresses."""
    settings = embedded_settings(tmp_path_factory.mktemp("strict")) | {
        "MAIL_URL": "console://",
        "EMAIL_VERIFICATION": "required",
        "REGISTRATION": "invite",
        "INDEXER": "external",
    }
    admin = ("create-admin", ADMIN[0])
    created = await asyncio.to_thread(run_command, settings, *admin, stdin=f"{ADMIN[1]}\n")
    assert created.returncode == 0, created.stderr
    async with open_in_thread(run_service(settings)) as service:
        yield service


async def create_invite(service: Service) -> str:
    async with ApiClient.connect(service) as api:
        invite = await api.request(
            "POST", "/api/v1/admin/invites", json={"days": 1}, token=await api.admin_token()
        )
        return str(invite.json["code"])


async def test_an_invite_is_asked_for_and_the_mail_can_be_sent_again(
    strict_service: Service, browser: Browser
) -> None:
    url, email = strict_service.url, "ada@films.example"
    async with open_page(browser, f"{url}/register", has_failures=True) as page:
        await page.get_by_label("Name", exact=True).fill("ada-of-tests")
        await page.get_by_label("E-mail address").fill(email)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-error")).to_contain_text("An invite is needed here")
        await expect(page.get_by_label("Invite")).to_be_focused()
        await page.get_by_label("Invite").fill("nonesuch")
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-error")).to_contain_text("This invite is unknown")
        await page.get_by_label("Invite").fill(await create_invite(strict_service))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        await page.get_by_role("button", name="Send the mail again").click()
        await expect(page.get_by_text("It is on its way")).to_be_visible()
        await page.goto(f"{url}/login")
        await page.get_by_label("Name or e-mail address").fill("ada-of-tests")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("not confirmed yet")
        await alert.get_by_label("E-mail address").fill(email)
        await alert.get_by_role("button", name="Send the mail again").click()
        await expect(alert.get_by_text("It is on its way")).to_be_visible()
