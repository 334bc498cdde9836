"""What people do with a film in a browser: votes, watchlist, history, reviews, similar films."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import TIMEOUT_MS, WIDTHS, assert_is_clean, open_as, open_page
from tests.support.members import Member, add_film
from tests.support.page_failures import PASSWORD
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

FILM = "/film/tt0073195"


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def button(page: Page, name: str):
    return page.locator(".film-actions").get_by_role("button", name=name)


async def test_a_vote_a_score_the_watchlist_and_the_history_are_kept(
    service: Service, browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, FILM, (account, PASSWORD)) as page:
        like = button(page, "I like it")
        await expect(like).to_be_enabled()  # the account's vote is known
        await like.focus()
        await page.keyboard.press("Enter")
        await expect(like).to_have_attribute("aria-pressed", "true")
        await page.get_by_label("Your score").select_option("9")
        await expect(page.locator(".film-actions")).to_contain_text("score")
        await button(page, "Watchlist").click()
        await button(page, "Mark as seen").click()
        await expect(page.locator(".film-actions")).to_contain_text("Seen once")
        await button(page, "Seen again").click()
        await expect(page.locator(".film-actions")).to_contain_text("Seen 2 times")
        await page.get_by_role("button", name="Undo").click()
        await expect(page.locator(".film-actions")).to_contain_text("Seen once")
        await page.wait_for_load_state("networkidle")
        await page.reload()
        await expect(like).to_have_attribute("aria-pressed", "true")
        await expect(page.get_by_label("Your score")).to_have_value("9")
        await expect(button(page, "Watchlist")).to_have_attribute("aria-pressed", "true")
        await expect(page.locator(".film-actions")).to_contain_text("Seen once")


async def test_a_visitor_who_wants_to_vote_logs_in_first_and_comes_back(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, service.url + FILM) as page:
        await page.get_by_role("link", name="I like it").click()
        await page.get_by_label("Name or e-mail address").fill(account)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await expect(page).to_have_url(service.url + FILM)
        await expect(button(page, "I like it")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_film_with_its_community_meets_the_rules_of_accessibility(
    service: Service, browser: Browser, api: ApiClient, account: str, scheme: str
) -> None:
    user = (account, PASSWORD)
    async with open_as(browser, api, FILM, user, scheme=scheme, width=WIDTHS["phone"]) as page:
        await expect(page.get_by_role("heading", name="Similar films")).to_be_visible()
        await button(page, "I like it").click()
        await expect(button(page, "I like it")).to_have_attribute("aria-pressed", "true")
        await assert_is_clean(page)


def note_join(joined: asyncio.Event) -> Callable[[str | bytes], None]:
    """Return what sets `joined` once the room says that the page has joined it."""
    return lambda text: joined.set() if '"own":true' in str(text).replace(" ", "") else None


async def write_review(page: Page, title: str, body: str) -> None:
    await page.get_by_role("button", name="Write a review").click()
    await page.get_by_label("In one line").fill(title)
    await page.get_by_label("Review", exact=True).fill(body)
    await page.get_by_role("button", name="Publish").click()


async def test_a_review_is_written_changed_and_deleted(
    service: Service, browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, FILM, (account, PASSWORD)) as page:
        own = page.locator(".review-own")
        await write_review(page, "Still afraid", "Of **water**, and [more](https://a.example/).")
        await expect(own.get_by_role("heading")).to_have_text("Still afraid")
        await expect(own.locator(".review-text strong")).to_have_text("water")
        link = own.get_by_role("link", name="more")
        await expect(link).to_have_attribute("rel", "nofollow noopener noreferrer ugc external")
        await own.get_by_role("button", name="Edit").click()
        await page.get_by_label("In one line").fill("No longer afraid")
        await page.get_by_role("button", name="Save").click()
        await expect(own.get_by_role("heading")).to_have_text("No longer afraid")
        await own.get_by_role("button", name="Earlier versions of “No longer afraid”").click()
        versions = page.get_by_role("dialog").locator(".row")
        await expect(versions.locator(".row-title")).to_have_text(["Still afraid"])
        await expect(versions).to_contain_text("Of **water**, and [more](https://a.example/).")
        await assert_is_clean(page)
        await page.keyboard.press("Escape")
        await own.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("button", name="Write a review")).to_be_visible()
        await expect(own).to_have_count(0)


async def test_a_review_of_somebody_else_comes_live_is_text_only_and_can_be_liked_and_reported(
    service: Service, browser: Browser, api: ApiClient, account: str
) -> None:
    author = await Member.join(api)
    film = await add_film(api)
    address = f"/film/{film['id']}"
    user, joined = (account, PASSWORD), asyncio.Event()
    options: dict[str, Any] = {"scheme": "dark", "width": WIDTHS["phone"]}
    async with open_as(browser, api, "/robots.txt", user, **options) as page:
        page.on("websocket", lambda socket: socket.on("framereceived", note_join(joined)))
        await page.goto(service.url + address)
        async with asyncio.timeout(TIMEOUT_MS / 1000):
            await joined.wait()
        draft = {"title": HOSTILE, "body": f"{HOSTILE} *end*", "spoiler": True}
        review = await author.send("POST", f"/movies/{film['id']}/reviews", draft)
        assert review.status == 201, review.json
        await page.get_by_role("button", name="Show 1 new review").click()
        shown = page.locator(".review")
        await expect(shown.get_by_role("heading")).to_have_text(HOSTILE)
        await expect(shown.locator(".review-text")).to_be_hidden()
        await shown.get_by_text("Tells how the film ends").click()
        await expect(shown.locator(".review-text em")).to_have_text("end")
        await expect(shown.locator("img, script")).to_have_count(0)
        like = shown.get_by_role("button", name="Like this review")
        await like.click()
        await expect(like).to_have_attribute("aria-pressed", "true")
        await assert_is_clean(page)
        await shown.get_by_role("button", name="Report").click()
        await page.get_by_role("dialog").get_by_label("What is wrong?").select_option("spam")
        await page.get_by_role("button", name="Send the report").click()
        await expect(shown).to_contain_text("Reported")
        await shown.get_by_role("button", name=f"Block {author.name}").click()
        await expect(page.get_by_text(f"You see no more reviews of {author.name}.")).to_be_visible()
        await expect(shown).to_have_count(0)
        await page.get_by_role("button", name="Undo", exact=True).click()
        await expect(shown.get_by_role("heading")).to_have_text(HOSTILE)
        assert not await page.get_by_role("button", name="Earlier versions").count()
