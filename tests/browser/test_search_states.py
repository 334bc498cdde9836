"""The search view in every state: faults, odd titles, language, scheme, sizes, accessibility."""

import asyncio
import re
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Route, expect

from tests.support.browser import (
    WIDTHS,
    answer_with_problem,
    each_look,
    find_violations,
    has_overflow,
    open_page,
)
from tests.support.search_view import (
    chips,
    match_address,
    options,
    search_box,
    titles,
)
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

MARKUP = '<img src=x onerror="document.title=1"> <script>document.title=2</script> & "co"'
LONG = " ".join(["Revenge of the Unspeakable"] * 8)[:200]
RIGHT_TO_LEFT = "قصة الحي الغربي في الليل"
PICTURES = "🎬🎬 Zyxwvut Films"
CHINESE = "千と千尋の神隠しの物語"
ODD_TITLES = {
    "pictures": PICTURES,
    "markup": MARKUP,
    "long": LONG,
    "right to left": RIGHT_TO_LEFT,
    "wide": CHINESE,
}


@pytest.fixture(scope="module")
async def odd_films(service: Service) -> AsyncIterator[dict[str, str]]:
    """Add films with titles that break careless pages; yield their titles by kind."""
    async with ApiClient.connect(service) as api:
        token = await api.admin_token()
        added: list[tuple[str, str]] = []
        for title in ODD_TITLES.values():
            facts = {"title": title, "year": 1999, "directors": ["<b>Odd Person</b>"]}
            response = await api.request("POST", "/api/v1/movies", token=token, json=facts)
            assert response.status == 201, response.json
            added.append((response.json["id"], response.headers["ETag"]))
            after = response.headers["Index-Token"]
        await api.search(CHINESE, after=after)
        yield ODD_TITLES
        for film, tag in added:
            headers = {"If-Match": tag}
            await api.request("DELETE", f"/api/v1/movies/{film}", token=token, headers=headers)


@pytest.mark.parametrize("q", ["", "jaws"])
async def test_a_failed_search_is_reported_and_can_be_repeated(
    service: Service, browser: Browser, q: str
) -> None:
    pattern = re.compile(r"/api/v1/(search|movies|suggest)\?")
    async with open_page(browser, f"{service.url}/robots.txt", has_failures=True) as page:
        await page.route(pattern, lambda route: answer_with_problem(route, 500))
        await page.goto(f"{service.url}/?q={q}")
        await expect(page.get_by_role("alert")).to_contain_text("Something went wrong")
        await page.unroute(pattern)
        await page.get_by_role("button", name="Try again").click()
        await expect(titles(page).first).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.route(pattern, lambda route: route.abort())
        await search_box(page).fill("alien")
        await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        await page.unroute(pattern)
        await expect(titles(page)).to_have_count(0)  # those of another search would mislead
        await page.route(pattern, lambda route: answer_with_problem(route, 429))
        await search_box(page).fill("aliens")
        await expect(page.get_by_role("alert")).to_contain_text("Try again in 1 second")


async def test_a_slow_search_shows_placeholders_and_a_lost_connection_is_named(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/robots.txt", has_failures=True) as page:
        release = asyncio.Event()

        async def wait(route: Route) -> None:
            await release.wait()
            await route.continue_()

        await page.route(re.compile(r"/api/v1/movies\?"), wait)
        await page.goto(service.url)
        await expect(page.locator(".film-grid .skeleton").first).to_be_visible()
        release.set()
        await expect(titles(page).first).to_be_visible()
        await expect(page.locator(".skeleton")).to_have_count(0)
        await page.context.set_offline(True)
        await expect(page.get_by_text("You are offline")).to_be_visible()
        await page.context.set_offline(False)
        await expect(page.get_by_text("You are offline")).to_have_count(0)


@pytest.mark.parametrize("kind", ODD_TITLES)
async def test_an_odd_title_is_text_and_stays_within_the_page(
    service: Service, browser: Browser, odd_films: dict[str, str], kind: str
) -> None:
    title = odd_films[kind]
    async with open_page(browser, service.url, width=WIDTHS["phone"]) as page:
        await search_box(page).fill(title)
        card = page.locator(".film-card", has=page.get_by_text(title, exact=True)).first
        await expect(card.locator("h2")).to_have_text(title)
        await expect(card.locator(".film-card-facts").first).to_contain_text("<b>Odd Person</b>")
        assert await page.locator("main :is(img[onerror], script, b)").count() == 0
        assert not await has_overflow(page)
        drawn = await card.locator(".poster").evaluate(
            "e => [e.scrollWidth > e.clientWidth, e.scrollHeight > e.clientHeight]"
        )
        assert drawn == [False, False]
        direction = await card.locator("h2 a").evaluate("e => getComputedStyle(e).direction")
        assert direction == ("rtl" if kind == "right to left" else "ltr")


async def test_matched_letters_are_marked_behind_characters_of_two_code_units(
    service: Service, browser: Browser, odd_films: dict[str, str]
) -> None:
    async with open_page(browser, f"{service.url}/?q=zyxwvut") as page:
        await expect(titles(page).first).to_have_text(odd_films["pictures"])
        await expect(titles(page).first.locator("mark")).to_have_text("Zyxwvut")


async def test_posters_keep_their_size_and_a_broken_one_becomes_a_card(
    service: Service, browser: Browser
) -> None:
    picture = BytesIO()
    Image.new("RGB", (185, 278), "teal").save(picture, "JPEG")

    async def add_posters(route: Route) -> None:
        page = await (await route.fetch()).json()
        for film, key in zip(page["results"], ("stored", "broken"), strict=False):
            film["poster"]["sizes"] = {"w185": f"/api/v1/posters/{key}/w185.jpg"}
        await route.fulfill(json=page)

    async with open_page(browser, f"{service.url}/robots.txt", has_failures=True) as page:
        await page.route(re.compile(r"/api/v1/movies\?.*limit=24"), add_posters)
        await page.route(
            "**/api/v1/posters/stored/*",
            lambda route: route.fulfill(body=picture.getvalue(), content_type="image/jpeg"),
        )
        await page.goto(service.url)
        cards = page.locator(".film-card")
        stored = cards.nth(0).locator("img.poster")
        await expect(stored).to_have_attribute("width", "96")
        await expect(stored).to_have_attribute("height", "144")
        assert await stored.evaluate("e => e.decode().then(() => e.naturalWidth)") > 0
        await expect(cards.nth(1).locator("img")).to_have_count(0)
        await expect(cards.nth(1).locator(".poster-drawn")).to_be_visible()
        sizes = [await cards.nth(n).locator(".poster").bounding_box() for n in (0, 1, 2)]
        assert {(box["width"], box["height"]) for box in sizes if box} == {(96, 144)}


async def test_language_follows_the_browser_and_is_switched_by_hand(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/?genre=War", locale="de-AT") as page:
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(chips(page)).to_have_text(["Krieg"])
        await page.get_by_role("button", name="Darstellung und Sprache").click()
        await page.get_by_role("radio", name="English").check()
        await expect(chips(page)).to_have_text(["War"])
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await page.reload()
        await expect(chips(page)).to_have_text(["War"])


async def test_the_scheme_is_chosen_by_hand_and_remembered(
    service: Service, browser: Browser
) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    async with open_page(browser, service.url, scheme="light") as page:
        light = await page.evaluate(background)
        await page.get_by_role("button", name="Appearance and language").click()
        await page.get_by_role("radio", name="Dark").check()
        dark = await page.evaluate(background)
        assert dark != light
        await page.reload()
        assert await page.evaluate(background) == dark
        await page.get_by_role("button", name="Appearance and language").click()
        await page.get_by_role("radio", name="As the system").check()
        assert await page.evaluate(background) == light
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("radio", name="Dark")).to_be_hidden()


async def test_on_a_phone_the_filters_are_a_sheet(service: Service, browser: Browser) -> None:
    phone: dict[str, Any] = {"width": WIDTHS["phone"], "has_touch": True}
    async with open_page(browser, f"{service.url}/?q=the", **phone) as page:
        button = page.get_by_role("button", name="Filters")
        await button.click()
        sheet = page.get_by_role("dialog", name="Filters")
        await sheet.get_by_role("checkbox", name=re.compile("^Drama")).check()
        await expect(page).to_have_url(match_address(service, "/?q=the&genre=Drama"))
        await sheet.get_by_role("button", name=re.compile(r"Show \d+ films?")).click()
        await expect(sheet).to_have_count(0)
        await expect(button).to_be_focused()
        await expect(chips(page)).to_have_text(["Drama"])
        await button.click()
        await page.keyboard.press("Escape")
        await expect(sheet).to_have_count(0)


@each_look
async def test_every_state_meets_the_rules_of_accessibility(
    service: Service, browser: Browser, scheme: str, width: int
) -> None:
    async with open_page(
        browser, service.url, scheme=scheme, width=width, has_failures=True
    ) as page:
        await expect(titles(page).first).to_be_visible()
        assert await find_violations(page) == []
        await page.get_by_role("button", name="Appearance and language").click()
        await search_box(page).fill("godfahter")
        await expect(options(page).first).to_be_visible()
        await expect(page.locator(".correction")).to_be_visible()
        assert await find_violations(page) == []
        assert not await has_overflow(page)
        await page.goto(f"{service.url}/?q=qqxxqqzz&genre=Drama&year_min=1990&rating_max=7")
        await expect(page.get_by_role("heading", name="No film found")).to_be_visible()
        assert await find_violations(page) == []
        if width < 860:
            await page.get_by_role("button", name="Filters").click()
            assert await find_violations(page) == []
            await page.keyboard.press("Escape")
        await page.route(
            re.compile(r"/api/v1/search\?"), lambda route: answer_with_problem(route, 500)
        )
        await search_box(page).fill("other")
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await find_violations(page) == []
        assert not await has_overflow(page)
