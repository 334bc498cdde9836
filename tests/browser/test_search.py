"""The search view: results letter by letter, suggestions, filters, paging, faults, looks."""

import asyncio
import re
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.support.browser import WIDTHS, answer_with_problem, find_violations, open_page
from tests.support.service_runner import ApiClient, Service

pytestmark = pytest.mark.once

MARKUP = '<img src=x onerror="document.title=1"> <script>document.title=2</script> & "co"'
LONG = " ".join(["Revenge of the Unspeakable"] * 8)[:200]
RIGHT_TO_LEFT = "قصة الحي الغربي في الليل"
CHINESE = "千と千尋の神隠しの物語"
ODD_TITLES = {"markup": MARKUP, "long": LONG, "right to left": RIGHT_TO_LEFT, "wide": CHINESE}


def titles(page: Page) -> Locator:
    return page.locator(".search-results .film-card-title")


def options(page: Page) -> Locator:
    return page.locator("#suggestions").get_by_role("option")


def chips(page: Page) -> Locator:
    return page.locator(".chips .chip:not(.chip-clear)")


def search_box(page: Page) -> Locator:
    return page.locator("#search-input")


def match_address(service: Service, address: str) -> re.Pattern[str]:
    return re.compile("^" + re.escape(service.url + address) + "$")


async def has_overflow(page: Page) -> bool:
    """Return whether the page is wider than the window."""
    script = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(await page.evaluate(script))


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


async def test_results_change_with_every_letter_and_a_misspelling_is_corrected(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url) as page:
        await expect(page.locator("h1")).to_have_text("Well-known films")
        await expect(search_box(page)).to_be_focused()
        await page.keyboard.type("godfah")
        await expect(titles(page).first).to_have_text("The Godfather")
        await page.keyboard.type("ter")
        await expect(page.locator(".correction")).to_contain_text("Showing results for godfather")
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
        await expect(page.locator(".correction")).to_contain_text("Showing results for godfather")
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("Well-known films")
        await expect(search_box(page)).to_have_value("")


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
        await page.wait_for_timeout(700)
        await expect(titles(page).first).to_have_text("Alien")
        assert any("q=jaw" in url for url in ended)


async def test_suggestions_are_chosen_by_keyboard_alone(service: Service, browser: Browser) -> None:
    async with open_page(browser, service.url) as page:
        box = search_box(page)
        await box.blur()
        await page.keyboard.press("/")
        await expect(box).to_be_focused()
        await page.keyboard.type("godf")
        await expect(box).to_have_attribute("aria-expanded", "true")
        await expect(options(page).first).to_contain_text("The Godfather")
        await expect(options(page).first).to_contain_text("1972 · Francis Ford Coppola")
        await expect(options(page).first.locator("mark")).to_have_text("Godf")
        await page.keyboard.press("ArrowDown")
        active = await box.get_attribute("aria-activedescendant")
        await expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
        await expect(page.locator(f"#{active}")).to_contain_text("The Godfather")
        await page.keyboard.press("ArrowUp")
        assert await box.get_attribute("aria-activedescendant") is None
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


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
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
