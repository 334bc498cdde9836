"""The view of file names in a real browser."""

import asyncio
import csv
import io
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.browser import WIDTHS, answer_with_problem, each_look, find_violations, open_page
from tests.support.service_runner import Service

pytestmark = pytest.mark.once

MATCH = "**/api/v1/match"
NAMES = (
    "Jaws.1975.1080p.BluRay.x264.mkv",
    "the_godfahter_part_2_(1974)_DVDRip.avi",
    "holiday in crete, day 3.mp4",
)
HOSTILE = (
    '=HYPERLINK("http://evil.example","Jaws 1975")',
    "+1-2 @SUM(1+1)*cmd|' /C calc'!A0.mkv",
    '<img src=x onerror=alert(1)> "Jaws", 1975.mkv',
    "film;=cmd|' /C calc'!A0.mkv",
    "film\t=1+1,@SUM(1).mkv",
    "\u202egpj.swaJ",
    "七人の侍 1954 " + "長" * 900,
)


async def recognise(page: Page, *names: str) -> None:
    await page.get_by_label("File names, one on each line").fill("\n".join(names))
    await page.get_by_role("button", name="Recognise").click()


async def read_csv(page: Page) -> list[dict[str, str]]:
    """Download the result and return its rows."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download CSV").click()
    text = Path(await (await download.value).path()).read_bytes().decode("utf-8-sig")
    assert "\n" not in text.replace("\r\n", ""), "lines end with CR LF"
    return list(csv.DictReader(io.StringIO(text)))


def rows(page: Page):
    return page.locator(".names-table tbody tr")


async def test_a_pasted_list_shows_each_film_and_how_sure_it_is(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names") as page:
        await expect(page).to_have_title("File names · Movies")
        await recognise(page, *NAMES, "", "  ")
        await expect(rows(page)).to_have_count(3)
        await expect(rows(page).nth(0)).to_contain_text("Sure 99%")
        await expect(rows(page).nth(2)).to_contain_text("Unknown")
        await page.get_by_role("button", name="Unknown 1").click()
        await expect(rows(page)).to_have_count(1)
        await page.get_by_role("button", name="All 3").click()
        [jaws, godfather, holiday] = await read_csv(page)
        assert (jaws["title"], jaws["year"], jaws["certainty"]) == ("Jaws", "1975", "sure")
        assert jaws["imdb_id"] == "tt0073195"
        assert godfather["title"] == "The Godfather: Part II"
        assert (holiday["title"], holiday["certainty"]) == ("", "unknown")


async def test_another_film_can_be_chosen_and_stays_after_a_look_at_it(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names") as page:
        await recognise(page, "godfather.mkv")
        choice = page.get_by_role("combobox", name="godfather.mkv")
        await choice.select_option(label="None of these")
        await expect(rows(page)).to_contain_text("Unknown")
        await choice.select_option(index=1)
        await expect(rows(page)).to_contain_text("Chosen by you")
        match = (await read_csv(page))[0]
        assert match["certainty"] == "chosen"
        assert match["title"].startswith("The Godfather")
        await page.get_by_role("link", name="Open The Godfather").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(match["title"])
        await page.go_back()
        await expect(rows(page)).to_contain_text("Chosen by you")
        await page.get_by_role("button", name="New list").click()
        await expect(page.get_by_label("File names, one on each line")).to_be_visible()


async def test_hostile_names_stay_text_here_and_in_a_spreadsheet(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names", width=WIDTHS["phone"]) as page:
        await recognise(page, *HOSTILE)
        await expect(rows(page)).to_have_count(len(HOSTILE))
        assert await page.locator("main img, main script").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
        files = [row["file"] for row in await read_csv(page)]
        assert files == [
            "'" + HOSTILE[0],
            "'" + HOSTILE[1],
            HOSTILE[2],
            "film;'=cmd|' /C calc'!A0.mkv",
            "film\t'=1+1,'@SUM(1).mkv",
            *HOSTILE[5:],
        ]


@pytest.mark.parametrize("text", ["a;b", "a\tb", "a,b", 'a"b', "a\nb"])
async def test_a_cell_with_any_separator_is_quoted_in_csv(
    service: Service, browser: Browser, text: str
) -> None:
    async with open_page(browser, f"{service.url}/names") as page:
        written = await page.evaluate(
            """async (text) => { const script = document.querySelector("script[type=module]").src;
            return (await import(new URL("csv.js", script))).toCsv([[text]]); }""",
            text,
        )
    assert written == '"' + text.replace('"', '""') + '"\r\n'


async def test_a_copy_is_the_same_as_the_download(service: Service, browser: Browser) -> None:
    async with open_page(
        browser, f"{service.url}/names", permissions=["clipboard-read", "clipboard-write"]
    ) as page:
        await recognise(page, NAMES[0])
        await page.get_by_role("button", name="Copy as CSV").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert list(csv.DictReader(io.StringIO(copied))) == await read_csv(page)


async def test_without_a_clipboard_the_copy_works_by_selection(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names") as page:
        await page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        await recognise(page, NAMES[0])
        await page.get_by_role("button", name="Copy as CSV").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_focused()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
async def test_a_list_is_read_in_the_encodings_that_systems_write(
    service: Service, browser: Browser, encoding: str
) -> None:
    text = "#EXTM3U\r\n\r\nLéon (1994).mkv\r\n".encode(encoding)
    async with open_page(browser, f"{service.url}/names") as page:
        await page.get_by_label("Open a list").set_input_files(
            {"name": "films.m3u", "mimeType": "audio/x-mpegurl", "buffer": text}
        )
        await expect(rows(page)).to_have_count(1)
        await expect(rows(page)).to_contain_text("Léon (1994).mkv")


async def test_dropped_videos_are_read_by_their_names_alone(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names") as page:
        transfer = await page.evaluate_handle(
            """() => {
                const transfer = new DataTransfer();
                for (const name of ["Jaws (1975).mkv", "Jaws (1975).srt", "cover.jpg"])
                    transfer.items.add(new File(["x"], name));
                return transfer;
            }"""
        )
        await page.dispatch_event(".names", "drop", {"dataTransfer": transfer})
        await expect(rows(page)).to_have_count(1)
        await expect(rows(page)).to_contain_text("Jaws (1975).mkv")


async def test_a_long_list_is_sent_in_batches_that_can_be_stopped(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names") as page:
        sizes: list[int] = []
        is_open = asyncio.Event()

        async def answer(route: Route) -> None:
            items = route.request.post_data_json["items"]
            sizes.append(len(items))
            if len(sizes) == 2:
                await is_open.wait()
            match = {"title": "x", "year": None, "match": None, "candidates": []}
            await route.fulfill(json={"matches": [match] * len(items)})

        await page.route(MATCH, answer)
        await recognise(page, *(f"name {number}.mkv" for number in range(90)))
        await expect(page.get_by_text("40 of 90 names recognised")).to_be_visible()
        await page.get_by_role("button", name="Stop").click()
        is_open.set()
        await expect(rows(page)).to_have_count(40)
        await page.get_by_role("button", name="Continue").click()
        await expect(rows(page)).to_have_count(90)
        await expect(page.get_by_role("progressbar")).to_have_count(0)
        assert sizes == [40, 40, 40, 10]


async def test_a_refused_batch_is_sent_again_after_the_wait_that_the_service_asks_for(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/names", has_failures=True) as page:
        await page.route(MATCH, lambda route: answer_with_problem(route, 429), times=1)
        await recognise(page, NAMES[0])
        await expect(page.get_by_text("continuing in 1 second")).to_be_visible()
        await expect(rows(page)).to_contain_text("Sure")


@pytest.mark.parametrize("failure", ["500", "offline"])
async def test_a_failure_keeps_what_is_known_and_can_be_tried_again(
    service: Service, browser: Browser, failure: str
) -> None:
    async with open_page(browser, f"{service.url}/names", has_failures=True) as page:
        if failure == "500":
            await page.route(MATCH, lambda route: answer_with_problem(route, 500), times=1)
        else:
            await page.route(MATCH, lambda route: route.abort(), times=1)
        await recognise(page, *NAMES)
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_role("button", name="Try again").click()
        await expect(rows(page)).to_have_count(3)


async def test_a_list_is_recognised_by_keyboard_alone(service: Service, browser: Browser) -> None:
    async with open_page(browser, f"{service.url}/names", locale="de-DE") as page:
        await page.get_by_label("Dateinamen, einer je Zeile").focus()
        await page.keyboard.type("jaws 1975.mkv")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="1 Namen erkennen")).to_be_focused()
        await page.keyboard.press("Enter")
        choice = page.get_by_role("combobox", name="jaws 1975.mkv")
        await expect(choice).to_be_visible()
        for _ in range(20):
            if await choice.evaluate("element => element === document.activeElement"):
                break
            await page.keyboard.press("Tab")
        await expect(choice).to_be_focused()
        await page.keyboard.press("End")
        await expect(rows(page)).to_contain_text("Unbekannt")


@each_look
async def test_form_and_result_meet_the_rules_of_accessibility(
    service: Service, browser: Browser, scheme: str, width: int
) -> None:
    async with open_page(browser, f"{service.url}/names", scheme=scheme, width=width) as page:
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await find_violations(page) == []
        await recognise(page, *NAMES)
        await expect(rows(page)).to_have_count(3)
        assert await find_violations(page) == []
