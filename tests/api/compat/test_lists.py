"""Lists of films in the shape that Radarr calls a custom list: title and IMDb id, whole."""

import random
from typing import Any

import pytest

from tests.support.api_accounts import create_key
from tests.support.members import Member, add_film, clear_cache
from tests.support.service_runner import ApiClient


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


def make_imdb_id() -> str:
    return f"tt{random.randrange(10**8, 10**9)}"


async def add_listed_film(api: ApiClient) -> dict[str, Any]:
    return await add_film(api, imdb_id=make_imdb_id())


def to_entry(film: dict[str, Any]) -> dict[str, Any]:
    return {"title": film["title"], "imdb_id": film["imdb_id"]}


async def create_read_key(member: Member, *scopes: str) -> str:
    key = await create_key(member.api, member.token, *(scopes or ("read",)))
    return str(key["key"])


async def make_list(member: Member, name: str, *films: dict[str, Any], **options: object) -> str:
    created = await member.send("POST", "/lists", {"name": name, **options})
    for film in films:
        path = f"/lists/{created.json['id']}/items/{film['id']}"
        assert (await member.send("PUT", path, {})).status == 201
    return str(created.json["id"])


async def test_a_watchlist_is_an_array_of_titles_and_imdb_ids_newest_first(
    api: ApiClient, member: Member
) -> None:
    first, second = await add_listed_film(api), await add_listed_film(api)
    for film in (first, second):
        await member.send("PUT", f"/me/watchlist/{film['id']}")
    key = await create_read_key(member)
    feed = await api.get(f"/lists/watchlist.json?apikey={key}")
    assert (feed.status, feed.headers["Content-Type"]) == (200, "application/json")
    assert feed.json == [to_entry(second), to_entry(first)]
    by_header = await api.get("/lists/watchlist.json", headers={"X-API-Key": key})
    assert by_header.json == feed.json


async def test_a_film_without_an_imdb_id_is_left_out(api: ApiClient, member: Member) -> None:
    known, unknown = await add_listed_film(api), await add_film(api)
    list_id = await make_list(member, "mixed", known, unknown)
    key = await create_read_key(member)
    assert (await api.get(f"/lists/{list_id}.json?apikey={key}")).json == [to_entry(known)]


async def test_a_list_is_found_by_its_slug_and_by_its_id_in_its_own_order(
    api: ApiClient, member: Member
) -> None:
    films = [await add_listed_film(api) for _ in range(3)]
    list_id = await make_list(member, "Sharks & Co: Größe!", *films)
    order = [films[2]["id"], films[0]["id"], films[1]["id"]]
    await member.send("POST", f"/lists/{list_id}/order", {"movies": order})
    key = await create_read_key(member)
    expected = [to_entry(films[2]), to_entry(films[0]), to_entry(films[1])]
    for name in ("sharks-co-größe", "Sharks-Co-Grösse", "sharks-co-gr%C3%B6%C3%9Fe", list_id):
        feed = await api.get(f"/lists/{name}.json", params={"apikey": key})
        assert (feed.status, feed.json) == (200, expected), name


async def test_of_two_lists_with_one_slug_the_older_one_keeps_the_address(
    api: ApiClient, member: Member
) -> None:
    older, newer = await add_listed_film(api), await add_listed_film(api)
    await make_list(member, "To see", older)
    await make_list(member, "to-see", newer)
    key = await create_read_key(member)
    assert (await api.get(f"/lists/to-see.json?apikey={key}")).json == [to_entry(older)]


async def test_a_list_of_more_than_a_page_is_whole(api: ApiClient, member: Member) -> None:
    sample = await api.get("/api/v1/movies?limit=100")
    more = await api.get("/api/v1/movies?limit=100&offset=100")
    films = [film for page in (sample, more) for film in page.json["results"] if film["imdb_id"]]
    assert len(films) > 100
    list_id = await make_list(member, "long")
    for start in range(0, len(films), 100):
        items = [{"movie": film["id"]} for film in films[start : start + 100]]
        await member.send("POST", f"/lists/{list_id}/items/batch", {"items": items})
    key = await create_read_key(member)
    feed = await api.get(f"/lists/{list_id}.json?apikey={key}&limit=10")
    assert feed.json == [to_entry(film) for film in films]


async def test_a_client_that_has_the_list_gets_no_body_until_it_changes(
    api: ApiClient, member: Member
) -> None:
    list_id = await make_list(member, "tagged", await add_listed_film(api))
    path = f"/lists/{list_id}.json?apikey={await create_read_key(member)}"
    first = await api.get(path)
    condition = {"If-None-Match": first.headers["ETag"]}
    again = await api.get(path, headers=condition)
    assert (again.status, again.body) == (304, b"")
    film = await add_listed_film(api)
    await member.send("PUT", f"/lists/{list_id}/items/{film['id']}", {})
    changed = await api.get(path, headers=condition)
    assert (changed.status, len(changed.json)) == (200, 2)


async def test_popular_and_trending_are_for_everybody_and_in_the_order_of_the_charts(
    api: ApiClient,
) -> None:
    await clear_cache(api)  # so that both charts are of now
    for chart in ("popular", "trending"):
        feed = await api.get(f"/lists/{chart}.json")
        page = await api.get(f"/api/v1/movies/{chart}?limit=20")
        expected = [to_entry(r["movie"]) for r in page.json["results"] if r["movie"]["imdb_id"]]
        assert feed.status == 200, chart
        if chart == "popular":
            assert feed.json[: len(expected)] == expected
            assert len(feed.json) > 20


async def test_a_private_list_of_somebody_else_is_not_there_and_an_unlisted_one_is(
    api: ApiClient, member: Member
) -> None:
    film = await add_listed_film(api)
    private = await make_list(member, "private", film)
    unlisted = await make_list(member, "unlisted", film, visibility="unlisted")
    key = await create_read_key(await Member.join(api))
    hidden = await api.get(f"/lists/{private}.json?apikey={key}")
    assert (hidden.status, hidden.json["code"]) == (404, "list_not_found")
    for query in ("", f"?apikey={key}"):
        assert (await api.get(f"/lists/{unlisted}.json{query}")).json == [to_entry(film)]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("watchlist.json", 401, "token_missing"),
        ("watchlist.json?apikey=", 401, "token_missing"),
        ("watchlist.json?apikey=wrong", 401, "invalid_key"),
        ("popular.json?apikey=wrong", 401, "invalid_key"),
        ("sharks.json", 404, "list_not_found"),
        ("popular", 404, "list_not_found"),
        ("popular.xml", 404, "list_not_found"),
        (".json", 404, "list_not_found"),
        ("%ff.json", 400, "malformed_path"),
    ],
)
async def test_an_error_is_json_with_a_status_that_radarr_shows(
    api: ApiClient, path: str, status: int, code: str
) -> None:
    answer = await api.get(f"/lists/{path}", headers={"Accept": "text/html"})
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_a_key_without_the_scope_read_sees_what_everybody_sees(
    api: ApiClient, member: Member
) -> None:
    key = await create_read_key(member, "write")
    assert (await api.get(f"/lists/popular.json?apikey={key}")).status == 200
    assert (await api.get(f"/lists/watchlist.json?apikey={key}")).status == 401


async def test_two_credentials_are_refused(api: ApiClient, member: Member) -> None:
    key = await create_read_key(member)
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {member.token}"}):
        answer = await api.get(f"/lists/watchlist.json?apikey={key}", headers=headers)
        assert (answer.status, answer.json["code"]) == (400, "two_credentials")


async def test_the_key_of_a_request_is_not_in_the_log(api: ApiClient, member: Member) -> None:
    key = await create_read_key(member)
    await api.get(f"/lists/watchlist.json?apikey={key}")
    await api.get(f"/stremio/{key}/manifest.json")
    log = api.service.log.read_text()
    assert "/stremio/***/manifest.json" in log
    assert key not in log
