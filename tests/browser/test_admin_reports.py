"""Reported reviews in the operator's view, in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as
from tests.support.members import Member, add_film
from tests.support.service_runner import ADMIN, ApiClient, Service

pytestmark = pytest.mark.once

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


async def test_a_reported_review_is_hidden_and_restored(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    author, reporter, film = await Member.join(api), await Member.join(api), await add_film(api)
    title = f"{HOSTILE} {film['title']}"
    draft = {"title": title, "body": HOSTILE}
    review = await author.send("POST", f"/movies/{film['id']}/reviews", draft)
    edited = {"title": title, "body": "It is milder now."}
    assert (await author.send("PUT", f"/reviews/{review.json['id']}", edited)).status == 200
    report = {"reason": "abuse", "comment": HOSTILE}
    reported = await reporter.send("POST", f"/reviews/{review.json['id']}/report", report)
    assert reported.status == 204, reported.json
    width = WIDTHS["phone"]
    async with open_as(browser, api, "/robots.txt", ADMIN, width=width) as page:
        await page.route(
            "**/api/v1/admin/reports?*",  # other tests have reported reviews as well
            lambda route: route.continue_(url=route.request.url.replace("=20", "=100")),
        )
        await page.goto(f"{service.url}/admin?tab=reports")
        await expect(page.get_by_role("button", name=f"Hide “{title}”")).to_be_visible()
        await assert_is_clean(page)
        assert await page.locator("main img, main script").count() == 0
        await page.get_by_role("button", name=f"Earlier versions of “{title}”").click()
        await expect(page.locator(".review-source")).to_have_text(HOSTILE)
        await page.get_by_role("button", name="Close").click()
        await page.get_by_role("button", name=f"Hide “{title}”").click()
        await page.get_by_label("Why, for the author").fill("It is an insult.")
        await page.get_by_role("button", name="Hide", exact=True).last.click()
        await expect(page.get_by_role("button", name=f"Hide “{title}”")).to_have_count(0)
        assert (await reporter.send("GET", f"/reviews/{review.json['id']}")).status == 404
        await page.get_by_label("Which").select_option("decided")
        await page.get_by_role("button", name=f"Restore “{title}”").click()
        await expect(page.get_by_role("button", name=f"Hide “{title}”")).to_be_visible()
        assert (await reporter.send("GET", f"/reviews/{review.json['id']}")).status == 200
