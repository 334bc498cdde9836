"""The main job, end to end: OMDb or a file in, a misspelt title out, a poster served."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until


async def test_a_new_title_is_fetched_found_despite_a_typo_and_has_its_poster(
    api: ApiClient,
) -> None:
    shown = await api.get("/api/v1/movies/metropolis")
    assert shown.status == 200, shown.json
    assert (shown.json["source"], shown.json["imdb_id"]) == ("omdb", "tt0017136")

    async def is_found() -> bool:
        return "Metropolis" in await api.search_titles("metroplis")

    assert await wait_until(is_found)

    async def stored_poster() -> dict[str, object] | None:
        film = (await api.get("/api/v1/movies/tt0017136")).json
        return film["poster"] if film["poster"]["status"] == "stored" else None

    poster = await wait_until(stored_poster)
    assert set(poster["sizes"]) == {"w185", "w342", "w780"}
    picture = await api.get(poster["url"])
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert picture.body[:2] == b"\xff\xd8"
    assert "immutable" in picture.headers["Cache-Control"]
    by_film = await api.get("/api/v1/movies/tt0017136/poster?size=w342")
    assert by_film.body == picture.body


@pytest.mark.fault("concurrent-lookups")
async def test_a_hundred_look_ups_of_one_new_title_make_one_call(
    api: ApiClient, omdb_address: str
) -> None:
    async with aiohttp.ClientSession() as session:

        async def calls() -> list[dict[str, str]]:
            async with session.get(f"{omdb_address}_calls") as response:
                return list(await response.json())

        before = len(await calls())
        path = "/api/v1/movies/parasite"
        answers = await asyncio.gather(*(api.get(path) for _ in range(100)))
        after = await calls()
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(after) - before == 1, after[before:]


async def test_a_file_with_bad_lines_is_loaded_and_its_films_are_found(
    api: ApiClient, tmp_path: Path
) -> None:
    path = tmp_path / "films.jsonl"
    films = [
        {"title": "Knickerbocker Moonbeam", "year": 2001, "directors": ["Ida Quist"]},
        {"title": "Flibbertigibbet Sunrise", "year": 2002},
    ]
    path.write_text(json.dumps(films[0]) + "\n{broken\n" + json.dumps(films[1]) + "\n")
    process = await asyncio.to_thread(api.service.run, "load", str(path))
    assert process.returncode == 1
    assert "films.jsonl:2:" in process.stderr and "2 added" in process.stdout

    async def is_found() -> bool:
        return "Knickerbocker Moonbeam" in await api.search_titles("knickerboker moonbaem")

    assert await wait_until(is_found)


async def test_the_fetch_command_reports_the_outcome_of_each_title(api: ApiClient) -> None:
    process = await asyncio.to_thread(api.service.run, "fetch", "tt0056801", "no such film at all")
    assert process.returncode == 1
    assert "tt0056801" in process.stdout
    assert "no such film at all" in process.stderr


async def test_searches_succeed_during_a_rebuild(api: ApiClient) -> None:
    statuses: set[int] = set()
    stop = asyncio.Event()

    async def search() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            answer = await api.search("jaws", limit=1 + number % 50)
            statuses.add(answer.status)
            assert answer.json["results"][0]["movie"]["title"] == "Jaws"

    searching = asyncio.create_task(search())
    token = await api.admin_token()
    filed = await api.request("POST", "/api/v1/admin/reindex", token=token)
    assert filed.status == 202, filed.json
    second = await api.request("POST", "/api/v1/admin/reindex", token=token)
    location = filed.headers["Location"]
    if second.status != 202:  # a small index may be done already
        assert (second.status, second.json["code"]) == (409, "reindex_running")
        assert location in second.json["detail"]
    written = await api.request(
        "POST", "/api/v1/movies", token=token, json={"title": "Written During Rebuild"}
    )
    assert written.status == 201

    async def is_done() -> bool:
        job = await api.get(location, token=token)
        assert job.json["state"] != "failed", job.json
        return job.json["state"] == "done"

    assert await wait_until(is_done)
    stop.set()
    await searching
    assert statuses == {200}

    async def is_found() -> bool:
        return "Written During Rebuild" in await api.search_titles("writen during rebiuld")

    assert await wait_until(is_found)


async def test_the_reindex_command_rebuilds_and_reports_the_result(api: ApiClient) -> None:
    process = await asyncio.to_thread(api.service.run, "reindex")
    assert process.returncode == 0, process.stderr
    assert "done:" in process.stdout
    assert (await api.search_titles("godfahter"))[0] == "The Godfather"


async def test_the_doctor_reports_every_part_as_ok(api: ApiClient) -> None:
    process = await asyncio.to_thread(api.service.run, "doctor")
    assert process.returncode == 0, process.stdout + process.stderr
    for part in ("database", "search", "cache", "posters", "omdb", "indexer"):
        assert f"ok      {part}" in process.stdout
