"""The films that a user has seen, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.members import Member, add_film, delete_film, merge_films
from tests.support.service_runner import ApiClient

PATH = "/me/history"


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def test_a_film_is_recorded_any_number_of_times_and_listed_latest_first(
    api: ApiClient, member: Member
) -> None:
    film, imdb_id = await add_film(api), "tt0073195"
    first = await member.send(
        "POST", PATH, {"movie": film["id"], "watched_at": "2025-02-03T22:30:00+02:00"}
    )
    assert first.status == 201, first.json
    assert first.json["watched_at"] == "2025-02-03T20:30:00+00:00"
    assert (first.json["rewatch"], first.json["movie"]["id"]) == (False, film["id"])
    again = await member.send("POST", PATH, {"movie": film["id"], "watched_at": "2025-03-04"})
    assert (again.json["watched_at"], again.json["rewatch"]) == ("2025-03-04", True)
    now = await member.send("POST", PATH, {"movie": imdb_id})
    age = datetime.now(UTC) - datetime.fromisoformat(now.json["watched_at"])
    assert abs(age) < timedelta(minutes=5)
    page = await member.get(PATH)
    assert [entry["id"] for entry in page["results"]] == [
        entry.json["id"] for entry in (now, again, first)
    ]
    assert page["total"] == {"value": 3, "relation": "eq"}
    of_film = await member.get(f"{PATH}?movie={film['id']}")
    assert [entry["id"] for entry in of_film["results"]] == [again.json["id"], first.json["id"]]


async def test_pages_continue_by_cursor_and_show_each_entry_once(member: Member) -> None:
    days = [f"2024-05-{day:02}" for day in range(1, 8)]
    for day in (*days, days[3]):  # two entries of one moment
        await member.send("POST", PATH, {"movie": "tt0073195", "watched_at": day})
    seen, path = [], f"{PATH}?limit=3"
    while path:
        page = await member.get(path)
        seen += [entry["watched_at"] for entry in page["results"]]
        path = (page["next"] or "").removeprefix("/api/v1")
        assert not path or "cursor=" in path
    assert seen == sorted((*days, days[3]), reverse=True)


async def test_a_cursor_of_somebody_else_is_refused(api: ApiClient, member: Member) -> None:
    for _ in range(2):
        await member.send("POST", PATH, {"movie": "tt0073195"})
    path = (await member.get(f"{PATH}?limit=1"))["next"].removeprefix("/api/v1")
    other = await Member.join(api)
    response = await other.send("GET", path)
    assert (response.status, response.json["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize(
    ("watched_at", "reason"),
    [
        ("2024-05-01T20:00:00", "time zone"),
        ("yesterday", "isoformat"),
        (1_700_000_000, "a day, or a time"),
        ("1799-01-01", "before 1888"),
        ("2999-01-01", "future"),
        ("9999-12-31T23:59:59-12:00", "future"),
    ],
)
async def test_a_wrong_time_names_the_field(
    member: Member, watched_at: object, reason: str
) -> None:
    response = await member.send("POST", PATH, {"movie": "tt0073195", "watched_at": watched_at})
    assert response.status == 422, response.json
    [error] = response.json["errors"]
    assert error["pointer"].startswith("/watched_at")
    assert reason in error["detail"]


async def test_entries_are_removed_one_by_one_or_by_film(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    ids = [(await member.send("POST", PATH, {"movie": film["id"]})).json["id"] for _ in range(3)]
    await member.send("POST", PATH, {"movie": "tt0073195"})
    assert (await member.send("DELETE", f"{PATH}/{ids[0]}")).status == 204
    again = await member.send("DELETE", f"{PATH}/{ids[0]}")
    assert (again.status, again.json["code"]) == (404, "history_entry_not_found")
    assert (await member.get(PATH))["total"]["value"] == 3
    assert (await member.send("DELETE", f"{PATH}?movie={film['id']}")).status == 204
    [left] = (await member.get(PATH))["results"]
    assert left["movie"]["imdb_id"] == "tt0073195"


async def test_an_entry_of_somebody_else_does_not_exist(api: ApiClient, member: Member) -> None:
    entry = await member.send("POST", PATH, {"movie": "tt0073195"})
    other = await Member.join(api)
    response = await other.send("DELETE", f"{PATH}/{entry.json['id']}")
    assert (response.status, response.json["code"]) == (404, "history_entry_not_found")
    assert (await other.get(PATH))["results"] == []
    assert (await member.get(PATH))["total"]["value"] == 1


async def test_a_batch_answers_each_item_on_its_own(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    items = [
        {"movie": film["id"], "watched_at": "2024-01-01"},
        {"movie": "tt000000000"},
        {"movie": film["id"], "watched": "2024-01-01"},
        {"movie": film["id"], "watched_at": "2024-01-02"},
        {"movie": "tt0073195"},
        {"movie": "tt0073195", "action": "remove"},
    ]
    response = await member.send("POST", f"{PATH}/batch", {"items": items})
    assert response.status == 200, response.json
    answers = response.json["answers"]
    assert [answer["status"] for answer in answers] == [201, 404, 422, 201, 201, 204]
    assert answers[1]["problem"]["code"] == "movie_not_found"
    assert answers[2]["problem"]["errors"][0]["pointer"] == "/items/2/watched"
    entries = (await member.get(PATH))["results"]
    assert [entry["watched_at"] for entry in entries] == ["2024-01-02", "2024-01-01"]
    too_many = await member.send("POST", f"{PATH}/batch", {"items": items * 17})
    assert too_many.status == 422


async def test_a_repeated_request_with_the_same_key_adds_one_entry(member: Member) -> None:
    for _ in range(2):
        response = await member.send(
            "POST", PATH, {"movie": "tt0073195"}, headers={"Idempotency-Key": "a-key"}
        )
        assert response.status == 201
    assert (await member.get(PATH))["total"]["value"] == 1


async def test_a_deleted_film_is_shown_by_its_title(api: ApiClient, member: Member) -> None:
    film = await add_film(api, year=1971)
    await member.send("POST", PATH, {"movie": film["id"]})
    await delete_film(api, film["id"])
    [entry] = (await member.get(PATH))["results"]
    assert entry["movie"] is None
    assert entry["deleted_movie"] == {"id": film["id"], "title": film["title"], "year": 1971}
    assert (await member.send("DELETE", f"{PATH}?movie={film['id']}")).status == 204
    assert (await member.get(PATH))["results"] == []


async def test_entries_of_a_merged_film_are_those_of_the_film_that_stays(
    api: ApiClient, member: Member
) -> None:
    target, merged = await add_film(api), await add_film(api)
    for film in (target, merged, merged):
        await member.send("POST", PATH, {"movie": film["id"]})
    await merge_films(api, merged["id"], target["id"])
    for movie in (target["id"], merged["id"]):
        entries = (await member.get(f"{PATH}?movie={movie}"))["results"]
        assert [entry["movie"]["id"] for entry in entries] == [target["id"]] * 3
    added = await member.send("POST", PATH, {"movie": merged["id"]})
    assert (added.status, added.json["movie"]["id"]) == (201, target["id"])
