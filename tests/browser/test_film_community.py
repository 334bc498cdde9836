"""What people do with a film in a browser: votes, watchlist, history, reviews, similar films."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as, open_page
from tests.support.page_failures import PASSWORD
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

FILM = "/film/tt0073195"


def button(page: Page, name: str):
    return page.locator(".film-actions").get_by_role("button", name=name)


async def test_a_vote_a_score_the_watchlist_and_the_history_are_kept(
    service: Service, browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, FILM, (account, PASSWORD)) as page:
        like = button(page, "I like it")
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
