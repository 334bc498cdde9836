"""The profile of a user in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as, open_page
from tests.support.members import PASSWORD, Member, add_film
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


async def test_a_profile_shows_what_its_owner_has_seen_written_and_listed(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    member = await Member.join(api)
    film = await add_film(api, HOSTILE, year=1975, genres=["Drama"])
    entry = {"movie": film["id"], "watched_at": "2026-02-03"}
    assert (await member.send("POST", "/me/history", entry)).status == 201
    rating = {"movie": film["id"], "score": 9}
    assert (await member.send("POST", "/ratings", rating)).status == 201
    review = {"title": HOSTILE, "body": f"{HOSTILE} *end*"}
    written = await member.send("POST", f"/movies/{film['id']}/reviews", review)
    assert written.status == 201, written.json
    films = {"name": HOSTILE, "visibility": "public"}
    list_id = (await member.send("POST", "/lists", films)).json["id"]
    address = f"{service.url}/user/{member.name}"
    for scheme, width in (("light", WIDTHS["desktop"]), ("dark", WIDTHS["phone"])):
        await member.send("PATCH", "/me", {"profile": "public"})
        async with open_page(
            browser, address, scheme=scheme, width=width, has_failures=True
        ) as page:
            await expect(page.get_by_role("heading", level=1)).to_have_text(member.name)
            await expect(page.locator(".user-counts")).to_contain_text("1 film seen")
            for plot in ("Feb 2026", "1970s", "Drama", "9"):
                row = page.locator(".plot > li", has=page.get_by_text(plot, exact=True))
                await expect(row.locator(".plot-count")).to_have_text("1")
            await expect(page.locator(".review-text em")).to_have_text("end")
            await expect(page.get_by_text(HOSTILE, exact=True).last).to_be_visible()
            assert await page.locator("main img, main script").count() == 0
            await expect(page.get_by_role("link", name=HOSTILE).last).to_have_attribute(
                "href", f"/list/{list_id}"
            )
            await assert_is_clean(page)
            await member.send("PATCH", "/me", {"profile": "private"})
            await page.reload()
            heading = page.get_by_role("heading", level=1)
            await expect(heading).to_have_text("There is no such profile")


async def test_a_reviewer_is_blocked_on_a_profile_and_read_again_from_the_account(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    reader, author, film = await Member.join(api), await Member.join(api), await add_film(api)
    await author.send("PATCH", "/me", {"profile": "public"})
    review = {"title": "Still afraid", "body": "Of water."}
    await author.send("POST", f"/movies/{film['id']}/reviews", review)
    address, user = f"/user/{author.name}", (reader.name, PASSWORD)
    async with open_as(browser, api, address, user, scheme="dark", width=WIDTHS["phone"]) as page:
        title = page.get_by_role("heading", name="Still afraid")
        await expect(title).to_be_visible()
        await page.get_by_role("button", name="Block", exact=True).click()
        await expect(page.get_by_text("You block this person")).to_be_visible()
        await expect(title).to_have_count(0)
        await assert_is_clean(page)
        await page.goto(f"{service.url}/account")
        await expect(page.get_by_role("heading", name="People whose reviews")).to_be_visible()
        await page.get_by_role("button", name=f"No longer block {author.name}").click()
        await expect(page.get_by_text("You block nobody.")).to_be_visible()
        await page.goto(service.url + address)
        await expect(title).to_be_visible()
        assert (await reader.get(f"/users/{author.name}"))["blocked"] is False
