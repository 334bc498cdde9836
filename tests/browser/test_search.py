"""Searching: results letter by letter, suggestions, filters, paging, and the way back."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.support.browser import open_page
from tests.support.search_view import (
    chips,
    match_address,
    options,
    search_box,
    titles,
)
from tests.support.service_runner import Service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.once


async def test_results_change_with_every_letter_and_a_misspelling_is_corrected(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url) as page:
        await expect(page.locator("h1")).to_have_text("Well-known films")
        await expect(search_box(page)).to_be_focused()
        await page.keyboard.type("godfah")
        await expect(titles(page).first).to_have_text("The Godfather")
        await page.keyboard.type("ter")
        await expect(page.locator(".correction")).to_contain_text("Showing results for Godfather")
        await expect(page).to_have_url(match_address(service, "/?q=godfahter"))
        await expect(titles(page).first.locator("mark")).to_have_text("Godfather")
        await expect(page.locator(".toolbar-count")).to_have_text(
            re.compile(r"^\d+ films? in [\d.]+ ms$")
        )
        await expect(page.get_by_role("status").last).to_contain_text(re.compile(r"\d+ film"))
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Search instead for “godfahter”").click()
        await expect(page).to_have_url(match_address(service, "/?q=godfahter&typo=off"))
        await expect(page.locator(".correction")).to_contain_text("exactly these words")
        await page.go_back()
        await expect(page.locator(".correction")).to_contain_text("Showing results for Godfather")
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("Well-known films")
        await expect(search_box(page)).to_have_value("")


async def test_a_film_that_is_not_here_is_said_in_one_sentence(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url) as page:
        await page.keyboard.type("the third man")
        await expect(page.locator(".match-level")).to_have_text(
            "No film has all of these words. These have some of them:"
        )
        await page.goto(f"{service.url}/?q=jaws")
        await expect(titles(page).first).to_have_text("Jaws")
        await expect(page.locator(".match-level")).to_have_count(0)


async def test_a_late_answer_to_an_older_letter_never_replaces_a_newer_one(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url, has_failures=True) as page:
        await expect(titles(page).first).to_be_visible()
        ended: list[str] = []
        page.on("requestfailed", lambda request: ended.append(request.url))

        async def delay(route: Route) -> None:
            await asyncio.sleep(0.5)
            await route.continue_()

        older = re.compile(r"/api/v1/search\?.*q=jaw(&|$)")
        await page.route(older, delay)
        async with page.expect_request(older):
            await page.keyboard.type("jaw")
        await search_box(page).fill("alien")
        await expect(titles(page).first).to_have_text("Alien")

        async def has_older_one_ended() -> bool:
            return any("q=jaw" in url for url in ended)

        await wait_until(has_older_one_ended)
        await page.wait_for_timeout(700)
        await expect(titles(page).first).to_have_text("Alien")


async def test_a_chosen_suggestion_stays_chosen_when_later_ones_arrive(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url) as page:
        is_chosen = asyncio.Event()

        async def delay(route: Route) -> None:
            await is_chosen.wait()
            await route.continue_()

        later = re.compile(r"/api/v1/suggest\?.*q=godf(&|$)")
        await page.route(later, delay)
        box = search_box(page)
        await box.focus()
        await page.keyboard.type("god")
        await expect(options(page).first).to_contain_text("The Godfather")
        async with page.expect_response(later) as response:
            await page.keyboard.type("f")
            await page.keyboard.press("ArrowDown")
            is_chosen.set()
        later_suggestions = (await (await response.value).json())["suggestions"]
        await expect(options(page)).to_have_count(len(later_suggestions))
        chosen = options(page).and_(page.locator("[aria-selected=true]"))
        await expect(chosen).to_contain_text("The Godfather")
        assert await box.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")


async def test_suggestions_are_chosen_by_keyboard_alone(service: Service, browser: Browser) -> None:
    async with open_page(browser, service.url) as page:
        box = search_box(page)
        await expect(box).to_be_focused()
        await box.blur()
        await page.keyboard.press("/")
        await expect(box).to_be_focused()
        await page.keyboard.type("godf")
        await expect(box).to_have_attribute("aria-expanded", "true")
        await expect(options(page).first).to_contain_text("The Godfather")
        await expect(options(page).first).to_contain_text("1972 · Francis Ford Coppola")
        await expect(options(page).first.locator("mark")).to_have_text("Godf")
        await page.keyboard.press("ArrowDown")
        await expect(box).to_have_attribute("aria-activedescendant", re.compile("."))
        active = await box.get_attribute("aria-activedescendant")
        await expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
        await expect(page.locator(f"#{active}")).to_contain_text("The Godfather")
        await page.keyboard.press("ArrowUp")
        await expect(box).not_to_have_attribute("aria-activedescendant", re.compile(""))
        await page.keyboard.press("Escape")
        await expect(box).to_have_attribute("aria-expanded", "false")
        await expect(box).to_have_value("godf")
        await page.keyboard.press("Escape")
        await expect(box).to_have_value("")
        await page.locator("#sort").focus()
        await page.keyboard.press("Control+k")
        await expect(box).to_be_focused()
        await page.keyboard.type("spielb")
        await expect(options(page).first).to_contain_text("Steven Spielberg")
        await expect(options(page).first).to_contain_text("Director")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(match_address(service, "/?director=Steven+Spielberg"))
        await expect(chips(page)).to_have_text(["Steven Spielberg"])
        await box.focus()
        await page.keyboard.type("jaws")
        await expect(options(page).first).to_contain_text("Jaws")
        await page.keyboard.press("Enter")
        await expect(options(page)).to_have_count(0)
        await expect(titles(page).first).to_have_text("Jaws")


async def test_a_title_among_the_suggestions_leads_to_its_film(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url, has_failures=True) as page:
        await expect(search_box(page)).to_be_focused()
        await page.keyboard.type("the godfather")
        await expect(options(page).first).to_contain_text("The Godfather")
        await options(page).first.click()
        await expect(page).to_have_url(re.compile(r"/film/[0-9a-f-]{36}$"))


async def test_filters_are_set_counted_shown_and_removed_and_the_address_has_them(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url) as page:
        drama = page.get_by_role("checkbox", name=re.compile("^Drama"))
        count = int((await page.locator(".filter-value", has=drama).inner_text()).split()[-1])
        await drama.check()
        await expect(page).to_have_url(match_address(service, "/?genre=Drama"))
        await expect(page.locator(".toolbar-count")).to_have_text(f"{count} films")
        await page.get_by_role("slider", name="Year from").focus()
        await page.keyboard.press("End")
        await page.keyboard.press("ArrowLeft")
        await expect(chips(page)).to_have_count(2)
        await expect(page).to_have_url(re.compile(r"genre=Drama&year_min=20\d\d"))
        await page.get_by_role("slider", name="Year from").fill("1990")
        await page.get_by_role("slider", name="Year to").fill("1999")
        await page.get_by_role("slider", name="Rating from").fill("8.5")
        await expect(chips(page)).to_have_text(["Drama", "1990–1999", "Rated 8.5 or higher"])
        await expect(page.locator(".film-card-facts", has_text="1994").first).to_be_visible()
        await page.locator("#sort").select_option("-rating")
        await expect(page).to_have_url(re.compile("sort=-rating"))
        address = page.url
        await page.reload()
        await expect(chips(page)).to_have_count(3)
        assert page.url == address
        await page.get_by_role("button", name="Remove filter 1990–1999").click()
        await expect(chips(page)).to_have_count(2)
        await page.get_by_role("button", name="Clear all").click()
        await expect(page).to_have_url(match_address(service, "/?sort=-rating"))
        await page.go_back()
        await expect(chips(page)).to_have_text(["Drama", "Rated 8.5 or higher"])


async def test_a_handle_never_passes_the_other_one(service: Service, browser: Browser) -> None:
    async with open_page(browser, f"{service.url}/?year_min=1980&year_max=1990") as page:
        lower = page.get_by_role("slider", name="Year from")
        await lower.fill("2000")
        await expect(page).to_have_url(match_address(service, "/?year_min=1990&year_max=1990"))
        await expect(chips(page)).to_have_text(["1990"])
        await expect(lower).to_have_value("1990")


async def test_coming_back_restores_pages_place_and_focus(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url, has_failures=True) as page:
        more = page.get_by_role("button", name="Show more")
        for count in (48, 72):
            await more.click()
            await expect(titles(page)).to_have_count(count)
        await expect(page).to_have_url(match_address(service, "/?page=3"))
        link = titles(page).nth(60).get_by_role("link")
        await link.scroll_into_view_if_needed()
        film, place = await link.get_attribute("id"), await link.bounding_box()
        assert place is not None
        is_in_place = f"""() => {{
            const link = document.getElementById("{film}");
            return Math.abs(link.getBoundingClientRect().top - {place["y"]}) < 5;
        }}"""
        await link.click()
        await expect(page).to_have_url(re.compile("/film/"))
        await page.go_back()
        await expect(titles(page)).to_have_count(72)
        await expect(page.locator(f"#{film}")).to_be_focused()
        await page.wait_for_function(is_in_place)
        await page.reload()
        await expect(titles(page)).to_have_count(72)
        await page.wait_for_function(is_in_place)


async def test_where_nothing_is_found_the_page_says_what_helps(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/?q=godfather&year_max=1925") as page:
        await expect(page.get_by_role("heading", name="No film found")).to_be_visible()
        await page.get_by_role("link", name=re.compile(r"Show \d+ films? without filters")).click()
        await expect(titles(page).first).to_have_text("The Godfather")
        await search_box(page).fill("qqxxqqzz")
        await expect(page.get_by_role("heading", name="No film found")).to_be_visible()
        await expect(titles(page).first).to_be_visible()  # of well-known films
