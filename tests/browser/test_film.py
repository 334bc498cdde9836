"""The film view in a real browser."""

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.browser import WIDTHS, answer_with_problem, each_look, find_violations, open_page
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

FILM = "/film/tt0068646"
FILM_REQUESTS = "**/api/v1/movies/*"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
TITLES = {
    "markup": HOSTILE,
    "long": "Donaudampfschifffahrtsgesellschaftskapitän " * 5,
    "right-to-left": "\u202eالرسالة \u202c",
    "cjk": "七人の侍七人の侍七人の侍",
}


async def show_changed(page: Page, api: ApiClient, **facts: Any) -> None:
    """Have the page receive the sample film with other facts."""
    film = (await api.get("/api/v1/movies/tt0068646")).json
    await page.route(
        FILM_REQUESTS,
        lambda route: route.fulfill(
            content_type="application/json", body=json.dumps({**film, **facts})
        ),
    )


def fact(page: Page, label: str):
    return page.locator(".film-facts > div", has=page.locator(f"dt:text-is('{label}')"))


async def test_a_film_shows_its_facts_and_where_they_are_from(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url + FILM) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("The Godfather")
        await expect(page).to_have_title("The Godfather (1972) · Movies")
        await expect(page.locator(".film-line")).to_have_text("1972 · 2 h 55 min · Crime · Drama")
        await expect(page.locator(".film-scores")).to_contain_text("IMDb, 1,620,367 votes")
        await expect(fact(page, "Director").get_by_role("link")).to_have_text(
            "Francis Ford Coppola"
        )
        link = page.get_by_role("link", name="tt0068646")
        await expect(link).to_have_attribute("href", "https://www.imdb.com/title/tt0068646/")
        await expect(link).to_have_attribute("rel", "noopener noreferrer external")
        await expect(page.locator(".film-provenance")).to_contain_text("samples that come with")
        await expect(page.locator(".film-origin")).to_have_count(0)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"season": 5, "episode": 14, "series": "tt0068646"}, "Season 5, episode 14"),
        ({"season": 5, "episode": 14, "series": None}, "Season 5, episode 14"),
        ({"season": None, "episode": None, "series": "tt0068646"}, "To the series"),
        ({"season": None, "episode": None, "series": None}, None),
    ],
)
async def test_an_episode_leads_to_its_series(
    service: Service, browser: Browser, api: ApiClient, facts: dict[str, Any], text: str | None
) -> None:
    async with open_page(browser, f"{service.url}/robots.txt") as page:
        await show_changed(page, api, type="episode", **facts)
        await page.goto(service.url + FILM)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        shown = fact(page, "Episode")
        await expect(shown).to_have_count(0 if text is None else 1)
        if text is not None:
            await expect(shown.locator("dd")).to_have_text(text)
        links = shown.get_by_role("link")
        await expect(links).to_have_count(0 if facts["series"] is None else 1)
        if facts["series"] is not None:
            await expect(links).to_have_attribute("href", "/film/tt0068646")


async def test_a_person_leads_to_the_films_of_that_person_and_back(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url + FILM) as page:
        await page.get_by_role("link", name="Al Pacino").click()
        await expect(page).to_have_url(f"{service.url}/?actor=Al%20Pacino")
        await expect(page.locator(".film-card-title")).to_have_text(
            ["The Godfather", "The Godfather: Part II"]
        )
        await expect(page.locator(".chip").filter(has_text="Al Pacino")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_role("heading", level=1)).to_have_text("The Godfather")


async def test_a_film_that_a_search_led_to_says_why_and_leads_back_to_the_place(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/?q=godfahter&genre=Crime") as page:
        await page.get_by_role("link", name="The Godfather", exact=True).click()
        await expect(page.locator(".film-why")).to_have_text(
            "Found by its title: The Godfather (one letter off)"
        )
        await expect(page.locator(".film-why mark")).to_have_text("Godfather")
        await page.reload()
        await page.get_by_role("link", name="Results for “godfahter”").click()
        await expect(page).to_have_url(f"{service.url}/?q=godfahter&genre=Crime")
        focused = page.get_by_role("link", name="The Godfather", exact=True)
        await expect(focused).to_be_focused()


async def test_why_a_film_was_found_is_told_in_the_language_of_the_page(
    service: Service, browser: Browser
) -> None:
    address = f"{service.url}/?q=spilberg+jaws+1975"
    async with open_page(browser, address, locale="de-DE") as page:
        await page.get_by_role("link", name="Jaws", exact=True).click()
        await expect(page.locator(".film-why")).to_have_text(
            "Gefunden durch den Titel: Jaws · die Regie: Steven Spielberg (ein Buchstabe anders) · "
            "das Jahr: 1975"
        )


async def test_a_film_is_reached_and_left_by_keyboard_alone(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/?q=jaws") as page:
        link = page.get_by_role("link", name="Jaws", exact=True)
        await link.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1, name="Jaws")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator(".film-line a").first).to_be_focused()
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(link).to_be_focused()


async def test_an_address_with_a_title_becomes_that_of_the_film(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/film/the%20godfather") as page:
        await expect(page).to_have_url(service.url + FILM)
        await expect(page.get_by_role("heading", level=1)).to_have_text("The Godfather")


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
async def test_a_title_of_any_kind_is_shown_in_full_as_text(
    service: Service, browser: Browser, api: ApiClient, title: str
) -> None:
    for width in (WIDTHS["phone"], WIDTHS["desktop"]):
        async with open_page(browser, f"{service.url}/robots.txt", width=width) as page:
            await show_changed(
                page, api, title=title, directors=[title], aliases=[title], plot=title, rated=title
            )
            await page.goto(service.url + FILM)
            heading = page.get_by_role("heading", level=1)
            await expect(heading).to_have_text(" ".join(title.split()))
            assert await page.locator("main img, main script").count() == 0
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            box = await heading.bounding_box()
            card = await page.locator(".film-poster .poster-title").bounding_box()
            poster = await page.locator(".film-poster .poster").bounding_box()
            assert box and card and poster
            assert card["height"] <= poster["height"]


async def test_a_stale_film_of_omdb_says_so_with_its_attribution(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    async with open_page(browser, f"{service.url}/robots.txt", locale="de-DE") as page:
        await show_changed(
            page,
            api,
            source="omdb",
            fetched_at="2020-01-01T00:00:00Z",
            stale=True,
            attribution="Data from OMDb (omdbapi.com), CC BY-NC 4.0.",
        )
        await page.goto(service.url + FILM)
        provenance = page.locator(".film-provenance")
        await expect(provenance).to_contain_text("Aus OMDb, abgerufen vor")
        await expect(provenance).to_contain_text("im Hintergrund erneuert")
        await expect(provenance).to_contain_text("CC BY-NC 4.0")
        await expect(fact(page, "Sprachen")).to_contain_text("Italienisch")
        await expect(fact(page, "Land")).to_contain_text("Vereinigte Staaten")
        await expect(provenance.locator("time")).to_have_attribute(
            "title", re.compile("1. Januar 2020")
        )


async def test_a_stored_poster_has_its_size_before_it_is_there(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    key = "/api/v1/posters/" + "9f" * 32
    sizes = {size: f"{key}/{size}.jpg" for size in ("w185", "w342", "w780")}
    async with open_page(browser, f"{service.url}/robots.txt", has_failures=True) as page:
        await show_changed(
            page,
            api,
            poster={"status": "stored", "reason": None, "url": sizes["w342"], "sizes": sizes},
        )
        requested, answered = asyncio.Event(), asyncio.Event()

        async def answer_late(route: Route) -> None:
            requested.set()
            await answered.wait()
            await route.fulfill(status=404)

        await page.route("**/api/v1/posters/**", answer_late)
        await page.goto(service.url + FILM)
        picture = page.locator(".film-poster img")
        await expect(picture).to_have_attribute("width", "300")
        box = await picture.bounding_box()
        assert box
        assert (box["width"], box["height"]) == (300, 450)
        await requested.wait()
        answered.set()
        await expect(page.locator(".film-poster .poster-drawn")).to_be_visible()


async def test_an_unknown_film_is_explained(service: Service, browser: Browser) -> None:
    async with open_page(
        browser, f"{service.url}/film/no%20such%20film%20here", has_failures=True
    ) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such film")
        await page.get_by_role("link", name="Search for it").click()
        await expect(page).to_have_url(f"{service.url}/?q=no%20such%20film%20here")


@pytest.mark.parametrize("failure", ["500", "offline", "why"])
async def test_a_failed_request_leaves_a_way_on(
    service: Service, browser: Browser, failure: str
) -> None:
    async with open_page(browser, f"{service.url}/?q=jaws", has_failures=True) as page:
        link = page.get_by_role("link", name="Jaws", exact=True)
        await expect(link).to_be_visible()
        pattern = "**/api/v1/search*" if failure == "why" else FILM_REQUESTS
        if failure == "offline":
            await page.route(pattern, lambda route: route.abort())
        else:
            await page.route(pattern, lambda route: answer_with_problem(route, 500))
        await link.click()
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Jaws")  # as the search knew it
        if failure != "why":
            await expect(page.get_by_role("alert")).to_be_visible()
            await page.reload()  # now nothing is known
            await expect(page.get_by_role("alert")).to_be_visible()
            await expect(heading).to_have_count(0)
            await page.unroute(pattern)
            await page.get_by_role("button", name="Try again").click()
        await expect(heading).to_have_text("Jaws")
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_slow_answer_shows_an_outline_first(service: Service, browser: Browser) -> None:
    async with open_page(browser, f"{service.url}/robots.txt") as page:
        answered = asyncio.Event()

        async def answer_late(route: Route) -> None:
            await answered.wait()
            await route.continue_()

        await page.route(FILM_REQUESTS, answer_late)
        await page.goto(service.url + FILM)
        await expect(page.locator(".film .skeleton").first).to_be_visible()
        answered.set()
        await expect(page.get_by_role("heading", level=1)).to_have_text("The Godfather")
        await expect(page.locator(".skeleton")).to_have_count(0)


@each_look
async def test_a_film_meets_the_rules_of_accessibility(
    service: Service, browser: Browser, scheme: str, width: int
) -> None:
    address = f"{service.url}/?q=godfahter"
    async with open_page(browser, address, scheme=scheme, width=width) as page:
        await page.get_by_role("link", name="The Godfather", exact=True).click()
        await expect(page.locator(".film-why")).to_be_visible()
        assert await find_violations(page) == []
