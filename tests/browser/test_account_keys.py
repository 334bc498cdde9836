"""The API keys of an account, and the export of its data, in a real browser."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as
from tests.support.page_failures import DATA, EXPORT, KEY, KEYS, PASSWORD
from tests.support.service_runner import ADMIN, ApiClient

pytestmark = pytest.mark.once

HOSTILE = "<img src=x onerror=alert(1)> " + "長" * 30


def rows(page: Page) -> Any:
    return page.locator(".row")


async def test_a_key_is_made_by_keyboard_shown_once_used_and_deleted(
    browser: Browser, api: ApiClient, account: str
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    user = (account, PASSWORD)
    async with open_as(browser, api, KEYS, user, permissions=allowed) as page:
        await page.get_by_role("button", name="New key").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("What is it for?")).to_be_focused()
        await page.keyboard.type("media player")
        for key in ("Tab", "Tab", "Space", "Tab", "Tab", "ArrowUp", "Enter"):
            await page.keyboard.press(key)
        await page.get_by_role("button", name="Make the key").press("Enter")
        shown = page.get_by_label("The key", exact=True)
        await expect(shown).to_be_focused()
        secret = await shown.input_value()
        await expect(rows(page)).to_contain_text("media player")
        await expect(rows(page)).to_contain_text(f"…{secret[-4:]} · Read · Write")
        await page.get_by_role("button", name="Copy the key").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == secret
        used = await api.get("/api/v1/me", headers={"X-API-Key": secret})
        assert (used.status, used.json["username"]) == (200, account)
        await page.get_by_role("button", name="I have it").click()
        await expect(shown).to_have_count(0)
        await page.reload()
        await expect(rows(page)).to_contain_text("used")
        assert secret not in await page.content()
        await page.get_by_role("button", name="Delete the key media player").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(rows(page)).to_have_count(0)
        await expect(page.get_by_text("There are no keys yet")).to_be_visible()
    assert (await api.get("/api/v1/me", headers={"X-API-Key": secret})).status == 401


async def test_the_address_for_omdbs_clients_is_shown_and_answers(
    browser: Browser, api: ApiClient, account: str
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    async with open_as(browser, api, KEYS, (account, PASSWORD), permissions=allowed) as page:
        shown = page.get_by_label("OMDb clients")
        await expect(shown).to_have_value(f"{api.service.url}/omdb/")
        parts = page.get_by_role("region", name="Addresses for your programs")
        await parts.get_by_role("button", name="Copy the address").first.click()
        await expect(parts.get_by_role("button", name="Copied")).to_be_visible()
        address = await page.evaluate("navigator.clipboard.readText()")
    film = await api.get(address.removeprefix(api.service.url) + "?i=tt0073195")
    assert film.json["Title"] == "Jaws"


async def test_the_addresses_for_radarr_and_stremio_have_the_new_key_and_answer(
    browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, KEYS, (account, PASSWORD)) as page:
        addresses = {"Radarr": "/lists/watchlist.json?apikey=", "Stremio": "/stremio/"}
        for name, path in addresses.items():
            shown = page.get_by_label(name, exact=True)
            await expect(shown).to_have_value(re.compile(re.escape(path) + "KEY"))
        await page.get_by_role("button", name="New key").click()
        await page.get_by_label("What is it for?").fill("Radarr")
        await page.get_by_role("button", name="Make the key").click()
        secret = await page.get_by_label("The key", exact=True).input_value()
        for name, path in addresses.items():
            shown = page.get_by_label(name, exact=True)
            await expect(shown).to_have_value(re.compile(re.escape(path) + secret))
            address = await shown.input_value()
            assert (await api.get(address.removeprefix(api.service.url))).status == 200
        await assert_is_clean(page)


async def test_what_a_new_key_lacks_is_said_at_its_field(
    browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, KEYS, (account, PASSWORD), has_failures=True) as page:
        await page.get_by_role("button", name="New key").click()
        await expect(page.get_by_role("checkbox", name="Operation")).to_have_count(0)
        await page.get_by_role("button", name="Make the key").click()
        await expect(page.locator(".field-error")).to_have_text("This field is required")
        await page.get_by_label("What is it for?").fill("a\u202eb")
        await page.get_by_role("checkbox", name="Read").uncheck()
        await page.get_by_role("button", name="Make the key").click()
        await expect(page.locator(".field-error")).to_have_text("Choose at least one")
        await page.get_by_role("checkbox", name="Read").check()
        await page.get_by_label("How long does it last?").select_option("Until it is deleted")
        await page.get_by_role("button", name="Make the key").click()
        await expect(page.locator(".field-error")).to_have_text(
            "Must not have invisible characters"
        )
        await page.get_by_label("What is it for?").fill(HOSTILE)
        await page.get_by_role("button", name="Make the key").click()
        await expect(rows(page)).to_contain_text(HOSTILE)
        await expect(rows(page)).to_contain_text("until it is deleted")
        assert await page.locator("main img").count() == 0


async def test_the_data_of_an_account_are_collected_and_downloaded(
    browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, DATA, (account, PASSWORD)) as page:
        await page.get_by_role("button", name="Collect my data").press("Enter")
        await expect(rows(page)).to_contain_text("ZIP file")
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download").click()
        file = await download.value
        assert re.fullmatch(r"movies-export-[\d-]+\.zip", file.suggested_filename)
        with zipfile.ZipFile(Path(await file.path())) as archive:
            assert any(account in archive.read(name).decode() for name in archive.namelist())


@pytest.mark.parametrize(("failure", "shown"), [("error", "log"), ("too_large", "more than")])
async def test_an_export_that_failed_says_why_and_one_that_runs_is_waited_for(
    browser: Browser, api: ApiClient, account: str, failure: str, shown: str
) -> None:
    entry: dict[str, Any] = EXPORT | {"state": "running", "finished_at": None}
    async with open_as(browser, api, "/names", (account, PASSWORD)) as page:
        await page.route(
            "**/me/exports", lambda route: route.fulfill(json={"results": [dict(entry)]})
        )
        await page.goto(api.service.url + DATA)
        await expect(page.get_by_text("Your data are being collected")).to_be_visible()
        await expect(page.get_by_role("button", name="Collect them again")).to_be_disabled()
        entry |= {"state": "failed", "failure": failure}
        await expect(page.get_by_text("Collecting your data has failed")).to_be_visible()
        await expect(page.locator(".notice")).to_contain_text(shown)
        await expect(page.get_by_role("button", name="Collect them again")).to_be_enabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_keys_and_data_meet_the_rules_of_accessibility(
    browser: Browser, api: ApiClient, scheme: str
) -> None:
    phone = {"width": WIDTHS["phone"], "scheme": scheme, "locale": "de-DE"}
    async with open_as(browser, api, "/names", ADMIN, **phone) as page:
        expired = KEY | {"expires_at": "2026-01-01T00:00:00Z", "id": "1"}
        await page.route(
            re.compile("/me/keys$"), lambda route: route.fulfill(json={"results": [KEY, expired]})
        )
        await page.route(
            re.compile("/me/exports$"), lambda route: route.fulfill(json={"results": [EXPORT]})
        )
        await page.goto(api.service.url + KEYS)
        await expect(rows(page).nth(1)).to_contain_text("abgelaufen")
        await page.get_by_role("button", name="Neuer Schlüssel").click()
        await page.get_by_role("button", name="Schlüssel erzeugen").click()
        await expect(page.locator(".form .field-error")).to_have_count(1)
        await assert_is_clean(page)
        await page.goto(api.service.url + DATA)
        await expect(rows(page)).to_contain_text("48 kB")
        await assert_is_clean(page)
