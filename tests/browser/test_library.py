"""One's own watchlist, history and lists, in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as
from tests.support.members import PASSWORD, Member, add_film, delete_film
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

HOSTILE = "<img src=x onerror=alert(1)>"


async def test_the_watchlist_and_the_history_are_sorted_and_changed(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    member = await Member.join(api)
    first, gone = await add_film(api, f"Anna {HOSTILE}"), await add_film(api, "Bert")
    for film in (first, gone):
        assert (await member.send("PUT", f"/me/watchlist/{film['id']}")).status == 201
        assert (await member.send("POST", "/me/history", {"movie": film["id"]})).status == 201
    await delete_film(api, gone["id"])
    user, width = (member.name, PASSWORD), WIDTHS["phone"]
    async with open_as(browser, api, "/account?tab=watchlist", user, width=width) as page:
        titles = page.locator(".row-title")
        await expect(titles).to_have_text([gone["title"], first["title"]])
        await page.get_by_label("Order").select_option("title")
        await expect(titles).to_have_text([first["title"], gone["title"]])
        await expect(page.locator(".row").last).to_contain_text("no longer in the catalogue")
        await assert_is_clean(page)
        await page.get_by_role("button", name=f"Remove {first['title']}").click()
        await expect(titles).to_have_text([gone["title"]])
        await page.get_by_role("link", name="History").click()
        await expect(titles).to_have_text([gone["title"], first["title"]])
        await page.get_by_role("button", name=f"Remove {gone['title']}").click()
        await expect(titles).to_have_text([first["title"]])
        assert await page.locator("main img").count() == 0


async def test_a_list_is_made_on_the_page_of_a_film_ordered_and_deleted(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    member = await Member.join(api)
    first, second = await add_film(api), await add_film(api)
    name, user = f"Sharks {HOSTILE}", (member.name, PASSWORD)
    address = f"/film/{first['id']}"
    async with open_as(browser, api, address, user, scheme="dark", width=WIDTHS["phone"]) as page:
        await page.get_by_role("button", name="Add to a list").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("New list").fill(name)
        await dialog.get_by_label("Note").fill(HOSTILE)
        await assert_is_clean(page)
        await dialog.get_by_role("button", name="Add", exact=True).click()
        await expect(page.locator(".film-actions")).to_contain_text(f"Added to “{name}”.")
        [own] = (await member.get("/lists"))["results"]
        items = f"/lists/{own['id']}/items"
        assert (await member.send("PUT", f"{items}/{second['id']}", {})).status < 300
        await page.goto(f"{service.url}/account?tab=lists")
        await page.get_by_role("link", name=name).click()
        titles = page.locator(".row-title")
        await expect(titles).to_have_text([first["title"], second["title"]])
        await expect(page.locator(".row").first).to_contain_text(HOSTILE)
        await assert_is_clean(page)
        await page.get_by_role("button", name=f"Put {second['title']} at the top").click()
        await expect(titles).to_have_text([second["title"], first["title"]])
        await page.get_by_role("button", name="Delete the list").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete the list").click()
        await expect(page.get_by_text("You have no lists yet.")).to_be_visible()
        assert await page.locator("main img").count() == 0
