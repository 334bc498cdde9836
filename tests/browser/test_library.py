"""One's own watchlist, history and lists, in a real browser."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as, open_page
from tests.support.members import PASSWORD, Member, add_film, delete_film
from tests.support.service_runner import ApiClient, Service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.once

HOSTILE = "<img src=x onerror=alert(1)>"


async def test_the_watchlist_and_the_history_are_sorted_and_changed(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    member = await Member.join(api)
    first, gone = await add_film(api, f"Anna {HOSTILE}"), await add_film(api, "Bert")
    for film in (first, gone):
        assert (await member.send("PUT", f"/me/watchlist/{film['id']}")).status == 201
        assert (await member.send("POST", "/me/history", {"movie": film["id"]})).status == 201
    await delete_film(api, gone["id"])
    user, width = (member.name, PASSWORD), WIDTHS["phone"]
    async with open_as(browser, api, "/account?tab=watchlist", user, width=width) as page:
        titles = page.locator(".row-title")
        await expect(titles).to_have_text([gone["title"], first["title"]])
        await page.get_by_label("Order").select_option("title")
        await expect(titles).to_have_text([first["title"], gone["title"]])
        await expect(page.locator(".row").last).to_contain_text("no longer in the catalogue")
        await assert_is_clean(page)
        await page.get_by_role("button", name=f"Remove {first['title']}").click()
        await expect(titles).to_have_text([gone["title"]])
        await page.get_by_role("link", name="History").click()
        await expect(titles).to_have_text([gone["title"], first["title"]])
        await page.get_by_role("button", name=f"Remove {gone['title']}").click()
        await expect(titles).to_have_text([first["title"]])
        assert await page.locator("main img").count() == 0


async def test_a_list_is_made_on_the_page_of_a_film_ordered_and_deleted(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    member = await Member.join(api)
    first, second = await add_film(api), await add_film(api)
    name, user = f"Sharks {HOSTILE}", (member.name, PASSWORD)
    address = f"/film/{first['id']}"
    async with open_as(browser, api, address, user, scheme="dark", width=WIDTHS["phone"]) as page:
        await page.get_by_role("button", name="Add to a list").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("New list").fill(name)
        await dialog.get_by_label("Note").fill(HOSTILE)
        await assert_is_clean(page)
        await dialog.get_by_role("button", name="Add", exact=True).click()
        await expect(page.locator(".film-actions")).to_contain_text(f"Added to “{name}”.")
        [own] = (await member.get("/lists"))["results"]
        items = f"/lists/{own['id']}/items"
        assert (await member.send("PUT", f"{items}/{second['id']}", {})).status < 300
        await page.goto(f"{service.url}/account?tab=lists")
        await page.get_by_role("link", name=name, exact=True).click()
        titles = page.locator(".row-title")
        await expect(titles).to_have_text([first["title"], second["title"]])
        await expect(page.locator(".row").first).to_contain_text(HOSTILE)
        await assert_is_clean(page)
        await page.get_by_role("button", name=f"Put {second['title']} at the top").click()
        await expect(titles).to_have_text([second["title"], first["title"]])
        await page.get_by_role("button", name=f"Remove {second['title']}").click()
        await expect(titles).to_have_text([first["title"]])
        await page.get_by_role("button", name="Delete the list").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete the list").click()
        await expect(page.get_by_text("You have no lists yet.")).to_be_visible()
        assert await page.locator("main img").count() == 0


async def test_a_list_is_renamed_opened_noted_and_ordered_by_keyboard_and_pointer(
    service: Service, browser: Browser, api: ApiClient
) -> None:
    member = await Member.join(api)
    films = [await add_film(api, name) for name in ("Anna", "Bert", "Carl")]
    a, b, c = titles = [film["title"] for film in films]
    list_id = (await member.send("POST", "/lists", {"name": "Sharks"})).json["id"]
    for film in films:
        await member.send("PUT", f"/lists/{list_id}/items/{film['id']}")
    await delete_film(api, films[2]["id"])

    async def read() -> tuple[dict[str, object], list[tuple[str, str | None]]]:
        body = await member.get(f"/lists/{list_id}")
        rows = [(row["movie"] or row["deleted_movie"], row["note"]) for row in body["results"]]
        return body["list"], [(film["title"], note) for film, note in rows]

    address, user = f"/account?tab=lists&list={list_id}", (member.name, PASSWORD)
    async with open_as(browser, api, address, user) as page:
        await page.set_viewport_size({"width": WIDTHS["desktop"], "height": 1600})
        shown = page.locator(".list-entry .row-title")
        await expect(shown).to_have_text(titles)
        await page.get_by_role("button", name=f"Move {a}, 1 of 3").press("ArrowDown")
        await expect(shown).to_have_text([b, a, c])
        await expect(page.get_by_role("button", name=f"Move {a}, 2 of 3")).to_be_focused()
        await page.keyboard.press("End")
        await expect(shown).to_have_text([b, c, a])
        await drag(page, f"Move {a}, 3 of 3", f"Move {b}, 1 of 3")
        await expect(shown).to_have_text([a, b, c])
        await page.get_by_role("button", name=f"Note about {b}").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Note", exact=True).fill(HOSTILE)
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.locator(".list-entry-note")).to_have_text(HOSTILE)
        await page.get_by_label("Name", exact=True).fill(f"Sharks {HOSTILE}")
        await page.get_by_label("What it is about").fill("From old\nto new.")
        await page.get_by_label("Who sees it").select_option("unlisted")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved")).to_be_visible()
        await expect(page.get_by_role("button", name="Copy the link")).to_be_visible()
        await assert_is_clean(page)

        async def is_ordered() -> bool:  # a change shows before it is saved
            return (await read())[1] == [(a, None), (b, HOSTILE), (c, None)]

        assert await wait_until(is_ordered)
        about, _ = await read()
        changed = (about["name"], about["description"], about["visibility"])
        assert changed == (f"Sharks {HOSTILE}", "From old\nto new.", "unlisted")


async def drag(page: Page, name: str, onto: str) -> None:
    """Drag one button onto another one with the mouse."""
    for button, action in ((name, page.mouse.down), (onto, page.mouse.up)):
        box = await page.get_by_role("button", name=button).bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 10, box["y"] + 10, steps=3)
        await action()


@pytest.mark.parametrize(("scheme", "width"), [("light", "desktop"), ("dark", "phone")])
async def test_a_list_is_shown_to_those_who_may_see_it_and_stays_after_a_reload(
    service: Service, browser: Browser, api: ApiClient, scheme: str, width: str
) -> None:
    member = await Member.join(api)
    first, second = await add_film(api, HOSTILE, year=1975), await add_film(api)
    new = {"name": f"Sharks {HOSTILE}", "description": HOSTILE, "visibility": "unlisted"}
    list_id = (await member.send("POST", "/lists", new)).json["id"]
    for film in (first, second):
        body = {"note": f"Note {HOSTILE}"}
        await member.send("PUT", f"/lists/{list_id}/items/{film['id']}", body)
    address = f"{service.url}/list/{list_id}"
    look = {"scheme": scheme, "width": WIDTHS[width]}
    async with open_page(browser, address, has_failures=True, **look) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text(new["name"])
        await expect(page.locator("h2")).to_have_text([first["title"], second["title"]])
        await expect(page.locator(".list-note").first).to_have_text(f"Note {HOSTILE}")
        await expect(page.get_by_role("button", name="Copy the link")).to_be_visible()
        assert await page.locator("main img").count() == 0
        await assert_is_clean(page)
        await member.send("PATCH", f"/lists/{list_id}", {"visibility": "private"})
        await page.reload()
        await expect(page.get_by_role("heading")).to_have_text("There is no such list")
    user = (member.name, PASSWORD)
    async with open_as(browser, api, f"/list/{list_id}", user, **look) as page:
        await expect(page.locator("header.list-head")).to_contain_text("only you see it")
        await expect(page.get_by_role("button", name="Copy the link")).to_have_count(0)
        await page.get_by_role("link", name="Edit").click()
        await expect(page.locator(".list-entry")).to_have_count(2)
