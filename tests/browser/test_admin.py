"""The operator's view in a real browser: the same numbers as the API, and what can be done."""

import re
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.admin_failures import RUNNING_JOB, one_page
from tests.support.browser import (
    answer_with_problem,
    assert_is_clean,
    each_look,
    log_in_state,
    open_page,
)
from tests.support.service_runner import ADMIN, ApiClient, Service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.once

API = "/api/v1/admin"


@asynccontextmanager
async def open_admin(
    browser: Browser, service: Service, path: str = "/admin", **options: Any
) -> AsyncIterator[Page]:
    """Open the operator's view as an admin."""
    async with ApiClient.connect(service) as api:
        state = await log_in_state(api, *ADMIN)
    async with open_page(browser, service.url + path, storage_state=state, **options) as page:
        await expect(page.get_by_role("heading", name="Operation")).to_be_visible()
        yield page


async def add_film(api: ApiClient, **facts: object) -> dict[str, Any]:
    film = {"title": f"Thistlewick {uuid.uuid4().hex[:8]}", "year": 1999, **facts}
    added = await api.request("POST", "/api/v1/movies", json=film, token=await api.admin_token())
    assert added.status == 201, added.json
    return dict(added.json)


def editor(film: dict[str, Any]) -> str:
    return f"/admin?tab=films&edit={film['id']}"


def tile(page: Page, label: str) -> Any:
    return page.locator(".tile").filter(has_text=label)


async def test_the_numbers_are_those_of_the_api(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    token = await api.admin_token()
    async with open_admin(browser, service) as page:
        quota = (await api.get(f"{API}/quota", token=token)).json
        left = tile(page, "OMDb calls left today")
        await expect(left).to_contain_text(f"{quota['left']:,}")
        await expect(left).to_contain_text("of 100,000")
        parts = (await api.get(f"{API}/health", token=token)).json["parts"]
        await expect(page.locator("#parts .parts").first.locator(".part")).to_have_count(len(parts))
        await expect(page.locator("#parts")).to_contain_text(parts["database"]["detail"])
        overview = (await api.get(f"{API}/overview", token=token)).json
        await expect(page.locator(".tile").first).to_contain_text(f"{overview['films']:,}")
        await expect(page.locator("#parts")).to_contain_text(overview["indexers"][0]["name"])


async def test_a_comparison_can_be_asked_for(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    token = await api.admin_token()
    before = (await api.get(f"{API}/drift", token=token)).json["checked_at"]
    async with open_admin(browser, service) as page:
        drift = tile(page, "Index differs by")
        await drift.get_by_role("button", name="Compare now").click()

        async def is_compared() -> bool:
            return (await api.get(f"{API}/drift", token=token)).json["checked_at"] != before

        assert await wait_until(is_compared)
        await expect(drift.get_by_role("button", name="Compare now")).to_be_enabled(timeout=20_000)
        await expect(drift).to_contain_text(re.compile("compared (now|[0-9]+ seconds? ago)"))


async def test_a_rebuild_is_started_watched_and_rolled_back(
    service: Service, browser: Browser
) -> None:
    async with open_admin(browser, service) as page:
        done = page.locator(".badge-done")
        before = await done.count()
        await page.get_by_role("button", name="Rebuild the index").click()
        await expect(done).to_have_count(min(before + 1, 5), timeout=60_000)
        await expect(page.locator(".row").first).to_contain_text("Rebuild movies-")
        await page.get_by_role("button", name="Roll back").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("becomes the live one again")
        await dialog.get_by_role("button", name="Roll back").click()
        await expect(page.locator(".row").first).to_contain_text("Rollback", timeout=60_000)


async def test_a_rebuild_of_somebody_else_is_told_by_the_socket_without_reading_it_again(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    reads: list[str] = []
    reads_at_event: list[int] = []

    def note_event(text: str | bytes) -> None:
        if "job_progress" in str(text):
            reads_at_event.append(len(reads))

    state = await log_in_state(api, *ADMIN)
    address = f"{service.url}/robots.txt"
    async with open_page(browser, address, storage_state=state) as page:
        page.on("websocket", lambda socket: socket.on("framereceived", note_event))
        page.on("request", lambda sent: "/admin/jobs?" in sent.url and reads.append(sent.url))
        await page.goto(f"{service.url}/admin")
        await expect(page.locator(".rebuild")).to_be_visible()
        token = await api.admin_token()
        started = await api.request("POST", f"{API}/reindex", token=token)
        assert started.status == 202, started.json

        async def end_was_told() -> bool:
            job = (await api.get(started.headers["Location"], token=token)).json
            shown = page.locator(".row", has_text=job["index_name"] or "none yet")
            return job["state"] == "done" and await shown.locator(".badge-done").count() == 1

        assert await wait_until(end_was_told)
        assert reads_at_event and len(reads) == reads_at_event[0]


async def test_a_rebuild_is_read_again_and_again_without_a_socket_and_can_be_cancelled(
    service: Service, browser: Browser
) -> None:
    job: dict[str, Any] = dict(RUNNING_JOB)

    async def answer(route: Route) -> None:
        await route.fulfill(json=one_page(job))

    async def cancel(route: Route) -> None:
        assert route.request.method == "DELETE"
        job["cancel_asked"] = True
        await route.fulfill(status=202, json=job)

    async with open_admin(browser, service, "/admin?tab=films", has_failures=True) as page:
        await page.route("**/auth/ws-ticket", lambda route: answer_with_problem(route, 503))
        await page.route("**/admin/jobs?*", answer)
        await page.route("**/admin/reindex/*", cancel)
        await page.get_by_role("link", name="State").click()
        card = page.locator(".rebuild")
        await expect(card).to_contain_text("Rebuild movies-8 · filling")
        await expect(card).to_contain_text(
            "635,200 of 1,024,551 · 6,100 films/s · 1 min 4 sec left"
        )
        bar = card.get_by_role("progressbar", name="Progress of the rebuild")
        await expect(bar).to_have_js_property("value", 635_200)
        job["done"] = 700_000
        await expect(card).to_contain_text("700,000 of")
        await card.get_by_role("button", name="Cancel").click()
        await expect(card).to_contain_text("is being cancelled")


async def test_a_quarantined_change_shows_its_reason_and_is_tried_again(
    service: Service, browser: Browser, api: ApiClient, service_database_url: str
) -> None:
    film = await add_film(api, title=f"<img src=x onerror=alert(1)> {uuid.uuid4().hex[:8]}")
    path = service_database_url.removeprefix("sqlite://")

    async def is_indexed() -> bool:
        overview = await api.get(f"{API}/overview", token=await api.admin_token())
        return bool(overview.json["outbox"]["waiting"] == 0)

    assert await wait_until(is_indexed)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE outbox SET done_at = NULL, quarantined_at = 1, reason = 'a field is too long' "
            "WHERE film_id = ?",
            (film["id"],),
        )
    async with open_admin(browser, service) as page:
        concerns = page.get_by_role("region", name="What needs attention")
        await expect(concerns).to_contain_text("1 change is in quarantine")
        row = page.locator("#quarantine .row")
        await expect(row).to_contain_text("a field is too long")
        await expect(row.locator(".row-title")).to_have_text(film["title"])
        await row.get_by_role("button").click()
        await expect(page.locator("#quarantine")).to_have_count(0, timeout=30_000)


async def test_a_film_is_added_amended_and_deleted(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    title = f"Thistlewick {uuid.uuid4().hex[:8]}"
    async with open_admin(browser, service, "/admin?tab=films") as page:
        await page.get_by_role("link", name="Add a film").click()
        await page.get_by_label("Title", exact=True).fill(title)
        await page.get_by_label("Year", exact=True).fill("1999")
        await page.get_by_label("Directors").fill("Ada Low\nBo Berg")
        await page.get_by_label("Genres").fill("Drama\nComedy")
        await page.get_by_label("IMDb rating").fill("7.5")
        await page.get_by_role("button", name="Add the film").click()
        await expect(page.get_by_role("status")).to_contain_text([f"“{title}” is added"])
        await page.get_by_label("Find a film").fill(title)
        await page.get_by_role("link", name=f"Edit {title}").click()
        await expect(page.get_by_label("Directors")).to_have_value("Ada Low\nBo Berg")
        await page.get_by_label("Year", exact=True).fill("1998")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text([f"“{title}” is saved"])
        film = await api.get(f"/api/v1/movies/{title}")
        assert (film.json["year"], film.json["ratings"]["imdb"]["value"]) == (1998, 7.5)
        assert film.json["directors"] == ["Ada Low", "Bo Berg"]
        await page.goto(f"{service.url}{editor(film.json)}")
        await page.get_by_role("button", name="Delete the film").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text(title)
        await dialog.get_by_role("button", name="Delete the film").click()
        await expect(page.get_by_role("status")).to_contain_text([f"“{title}” is deleted"])
        assert (await api.get(f"/api/v1/movies/{film.json['id']}")).status == 404


async def test_the_page_of_a_film_leads_admins_to_its_form(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    film = await add_film(api)
    async with open_page(browser, f"{service.url}/film/{film['id']}") as page:
        await expect(page.get_by_role("heading", name=film["title"])).to_be_visible()
        await expect(page.get_by_role("link", name="Edit this film")).to_have_count(0)
        await page.get_by_role("link", name="Log in").click()
        await page.get_by_label("Name or e-mail address").fill(ADMIN[0])
        await page.get_by_label("Password", exact=True).fill(ADMIN[1])
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Edit this film").click()
        await expect(page.get_by_label("Title", exact=True)).to_have_value(film["title"])


async def test_each_error_of_a_film_is_at_its_field_and_nothing_is_lost(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    film = await add_film(api)
    async with open_admin(browser, service, editor(film), has_failures=True) as page:
        await page.get_by_label("Year", exact=True).fill("12")
        await page.get_by_label("IMDb rating").fill("eleven")
        await page.get_by_label("Plot").fill("A long one.")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".field-error")).to_have_count(2)
        await expect(page.get_by_label("Year", exact=True)).to_be_focused()
        await expect(page.get_by_label("Plot")).to_have_value("A long one.")
        await page.get_by_label("Year", exact=True).fill("2001")
        await page.get_by_label("Last year").fill("1990")
        await page.get_by_label("IMDb rating").fill("8")
        await page.get_by_label("Genres").fill("Nonesuch")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".field-error")).to_contain_text(
            ["Must not lie before the first year"]
        )
        await page.get_by_label("Last year").fill("")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".field-error")).to_contain_text(["Nonesuch"])
        await expect(page.get_by_label("Genres")).to_be_focused()


async def test_a_change_of_somebody_else_is_explained_and_both_changes_are_kept(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    film = await add_film(api)
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    async with open_admin(browser, service, editor(film), has_failures=True) as page:
        await page.get_by_label("Plot").fill("Mine.")
        changed = await api.request(
            "PATCH", path, json={"year": 1977}, token=token, headers={"If-Match": "*"}
        )
        assert changed.status == 200
        await page.get_by_role("button", name="Save").click()
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("Somebody has changed this film meanwhile")
        await page.get_by_role("button", name="Load the film again").click()
        await expect(page.get_by_label("Year", exact=True)).to_have_value("1977")
        await expect(page.get_by_label("Plot")).to_have_value("Mine.")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text(["is saved"])
    present = (await api.get(path)).json
    assert (present["year"], present["plot"]) == (1977, "Mine.")


async def test_a_deletion_of_a_changed_film_is_explained(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    film = await add_film(api)
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    async with open_admin(browser, service, editor(film), has_failures=True) as page:
        await page.get_by_role("button", name="Delete the film").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("1999")
        await api.request(
            "PATCH", path, json={"year": 1977}, token=token, headers={"If-Match": "*"}
        )
        await dialog.get_by_role("button", name="Delete the film").click()
        await expect(dialog).to_contain_text("Somebody has changed this film meanwhile")
        await dialog.get_by_role("button", name="Load the film again").click()
        await expect(dialog).to_contain_text("1977")
        await dialog.get_by_role("button", name="Delete the film").click()
        await expect(page.get_by_role("status")).to_contain_text(["is deleted"])


async def add_twin(api: ApiClient, film: dict[str, Any]) -> dict[str, Any]:
    """Add a film, and change it so that it is a twin of `film`."""
    twin = await add_film(api, plot="Of the twin.")
    changed = await api.request(
        "PATCH",
        f"/api/v1/movies/{twin['id']}",
        json={"title": film["title"]},
        token=await api.admin_token(),
        headers={"If-Match": "*"},
    )
    assert changed.status == 200, changed.json
    return dict(changed.json)


async def test_films_that_are_here_twice_are_merged(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    film = await add_film(api)
    twin = await add_twin(api, film)
    async with open_admin(browser, service, "/admin?tab=twins") as page:
        pair = page.get_by_role("region", name=film["title"])
        await expect(pair.locator(".row")).to_have_count(2)
        await pair.get_by_role("button", name="Keep this one").first.click()
        dialog = page.get_by_role("dialog")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await pair.get_by_role("button", name="Keep this one").first.click()
        await dialog.get_by_role("button", name="Merge").click()
        await expect(page.get_by_role("status")).to_contain_text([f"“{film['title']}”"])
        await expect(pair).to_have_count(0)
    merged = (await api.get(f"/api/v1/movies/{twin['id']}")).json
    assert (merged["id"], merged["plot"]) == (film["id"], "Of the twin.")


async def test_a_film_is_merged_into_one_that_is_chosen(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    film, other = await add_film(api), await add_film(api, year=2001)
    async with open_admin(browser, service, editor(film)) as page:
        await page.get_by_role("button", name="Merge into another film").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label("Find a film")).to_have_value(film["title"])
        await dialog.get_by_label("Find a film").fill(other["title"])
        await dialog.get_by_role("button", name=f"Choose {other['title']}").click()
        await expect(dialog).to_contain_text("This one stays")
        await dialog.get_by_role("button", name="Merge").click()
        await expect(page.get_by_role("status")).to_contain_text([f"“{other['title']}”"])
    assert (await api.get(f"/api/v1/movies/{film['id']}")).json["id"] == other["id"]


async def test_the_view_is_for_admins(service: Service, browser: Browser, api: ApiClient) -> None:
    name, password = f"user-{uuid.uuid4().hex[:12]}", "correct horse battery"
    body = {"username": name, "email": f"{name}@example.org", "password": password}
    await api.request("POST", "/api/v1/auth/register", json=body)
    async with open_page(browser, f"{service.url}/admin") as page:
        await expect(page).to_have_url(re.compile(r"/login\?next=%2Fadmin$"))
        await page.get_by_label("Name or e-mail address").fill(name)
        await page.get_by_label("Password", exact=True).fill(password)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Only admins may see this")).to_be_visible()


async def test_a_film_is_added_by_keyboard_alone(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    title = f"Thistlewick {uuid.uuid4().hex[:8]}"
    async with open_admin(browser, service, "/admin?tab=films") as page:
        await page.get_by_role("link", name="Add a film").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Add a film")).to_be_visible()
        await page.get_by_label("Title", exact=True).focus()
        await page.keyboard.type(title)
        await page.keyboard.press("Tab")
        await page.keyboard.type("S")
        await page.keyboard.press("Tab")
        await page.keyboard.type("2001")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text([f"“{title}” is added"])
    film = (await api.get(f"/api/v1/movies/{title}")).json
    assert (film["type"], film["year"]) == ("series", 2001)


@each_look
async def test_the_view_meets_the_rules_of_accessibility(
    service: Service, browser: Browser, api: ApiClient, scheme: str, width: int
) -> None:
    film = await add_film(api, plot="A long word: " + "x" * 200)
    async with open_admin(browser, service, scheme=scheme, width=width) as page:
        await expect(page.locator("#parts")).to_be_visible()
        await assert_is_clean(page)
        await page.goto(f"{service.url}/admin?tab=films")
        await expect(page.locator(".row").first).to_be_visible()
        await assert_is_clean(page)
        await page.goto(f"{service.url}{editor(film)}")
        await page.get_by_label("Title", exact=True).fill("")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".field-error")).to_have_count(1)
        await assert_is_clean(page)
        await page.get_by_role("button", name="Delete the film").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await assert_is_clean(page)
