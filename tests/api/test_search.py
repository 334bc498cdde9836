"""Search over HTTP on the sample films: misspelt queries, pages, filters, cursors, batches."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from service.search.retrieval.cursors import Cursor, CursorCodec, MatchStage
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
async def indexed(api: ApiClient) -> None:
    """Wait until the samples, which were loaded before the start, are searchable."""

    async def is_indexed() -> bool:
        ready = await api.get("/health/ready")
        return ready.json["parts"]["indexer"]["detail"].startswith("0 films waiting")

    await wait_until(is_indexed)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("godfahter", "The Godfather"),
        ("the godfather", "The Godfather"),
        ("spilberg jaws", "Jaws"),
        ("jaws 1975", "Jaws"),
        ("se7en", "Se7en"),
        ("seven", "Se7en"),
        ("leon", "Léon: The Professional"),
        ("starwars", "Star Wars: Episode IV - A New Hope"),
        ("tt0073195", "Jaws"),
        ("https://www.imdb.com/title/tt0073195/?ref_=x", "Jaws"),
    ],
)
async def test_a_misspelt_or_partial_query_finds_the_film_first(
    api: ApiClient, typed: str, first: str
) -> None:
    assert (await api.search_titles(typed))[0] == first


async def test_a_page_links_to_the_next_and_the_previous_page(api: ApiClient) -> None:
    page = await api.search("the", limit=5)
    assert len(page.json["results"]) == 5
    assert page.json["previous"] is None
    assert f'<{page.json["next"]}>; rel="next"' in page.headers["Link"]
    second = await api.get(page.json["next"])
    first_ids = {hit["movie"]["id"] for hit in page.json["results"]}
    second_ids = {hit["movie"]["id"] for hit in second.json["results"]}
    assert not first_ids & second_ids
    back = await api.get(second.json["previous"])
    assert back.json["results"] == page.json["results"]


async def test_all_pages_together_contain_every_film_once(api: ApiClient) -> None:
    seen: list[str] = []
    address = "/api/v1/search?q=man&limit=7"
    while address:
        page = await api.get(address)
        seen += [hit["movie"]["id"] for hit in page.json["results"]]
        address = page.json["next"]
    assert len(seen) == len(set(seen)) == page.json["total"]["value"]


async def test_a_repeated_search_is_a_cache_hit_with_the_same_results(api: ApiClient) -> None:
    answers = [await api.search("casablanca") for _ in range(2)]
    if "hit" not in answers[1].headers["Cache-Status"]:  # a film was indexed in between
        answers = [await api.search("casablanca") for _ in range(2)]
    assert answers[0].json["results"] == answers[1].json["results"]


async def test_a_hundred_searches_at_once_all_succeed(api: ApiClient) -> None:
    words = ["alien", "heat", "psycho", "vertigo", "rocky"] * 20
    answers = await asyncio.gather(*(api.search(word) for word in words))
    assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize(
    ("params", "status", "named"),
    [
        ("q=x&limit=0", 422, "limit"),
        ("q=x&limit=1000", 422, "limit"),
        ("q=x&limit=ten", 422, "limit"),
        ("q=x&offset=-1", 422, "offset"),
        ("q=x&limit=100&offset=950", 422, "offset"),
        ("q=x&genre=", 422, "genre/0"),
        ("q=x&type=film", 422, "type/0"),
        ("q=x&year=last", 422, "year"),
        ("q=x&year_min=2000&year_max=1990", 422, "year_min"),
        ("q=x&rating_min=11", 422, "rating_min"),
        ("q=x&rating_min=nan", 422, "rating_min"),
        ("q=x&runtime_max=0", 422, "runtime_max"),
        ("q=x&sort=best", 422, "sort"),
        ("q=x&in=title,plots", 422, "in/1"),
        ("q=x&in=", 422, "in/0"),
        ("q=x&typo=maybe", 422, "typo"),
        ("q=x&facets=colour", 422, "facets/0"),
        ("q=x&cursor=abc&offset=3", 422, "offset"),
        ("q=x&cursor=abc", 400, "cursor"),
        ("q=x&ofset=1", 422, "ofset"),
        ("q=x&q=y", 422, "q"),
        ("limit=5", 422, "q"),
        ("q=", 422, "q"),
        ("q=" + quote(" \t "), 422, "q"),
        ("q=" + "x" * 10_000, 422, "q"),
        ("q=" + quote("w " * 60), 422, "q"),
        ("q=%00abc", 422, "q"),
        ("q=%ED%A0%80", 400, None),
        ("q=%FF", 400, None),
    ],
)
async def test_invalid_parameters_are_rejected_by_name(
    api: ApiClient, params: str, status: int, named: str | None
) -> None:
    async with api.session.get(f"{api.service.url}/api/v1/search?{params}") as response:
        problem = await response.json(content_type=None)
    assert (response.status, response.content_type) == (status, "application/problem+json")
    if named:
        assert named in {error["pointer"] for error in problem["errors"]}


@pytest.mark.parametrize(
    "typed",
    [
        "*",
        "title:jaws",
        "/.*/",
        "jaws~2",
        "jaws AND (",
        '"jaws',
        "a" * 200,
        "🦈",
        "%",
        "\u202ejaws",
    ],
)
async def test_the_query_syntax_of_engines_is_plain_text(api: ApiClient, typed: str) -> None:
    answer = await api.search(typed)
    assert answer.status in (200, 422), answer.json


async def test_every_result_meets_all_filters(api: ApiClient) -> None:
    page = await api.search("the", genre=["sci fi", "ANIMATION"], year_min=1980, rating_min=7.5)
    assert page.json["results"]
    for hit in page.json["results"]:
        movie = hit["movie"]
        assert {"Sci-Fi", "Animation"} & set(movie["genres"])
        assert movie["year"] >= 1980 and movie["ratings"]["imdb"]["value"] >= 7.5
    named = await api.search("the", director="steven SPIELBERG", limit=100)
    assert named.json["results"]
    assert all("Steven Spielberg" in hit["movie"]["directors"] for hit in named.json["results"])


@pytest.mark.parametrize("sort", ["year", "-year", "rating", "-rating", "title", "popularity"])
async def test_browsing_lists_every_film_once_in_the_sort_order(api: ApiClient, sort: str) -> None:
    address: str | None = f"/api/v1/movies?sort={sort}&limit=100&type=movie"
    movies = []
    while address:
        page = await api.get(address)
        assert page.status == 200, page.json
        movies += page.json["results"]
        address = page.json["next"]
    ids = [movie["id"] for movie in movies]
    assert len(ids) == len(set(ids)) == page.json["total"]["value"] >= 490
    if sort in ("year", "-year"):
        years = [movie["year"] for movie in movies if movie["year"]]
        assert years == sorted(years, reverse=sort == "-year")


async def test_a_facet_ignores_its_own_filter(api: ApiClient) -> None:
    page = await api.search("the", genre="Drama", facets="genre,decade,type,rating", limit=1)
    genres = {entry["value"]: entry["count"] for entry in page.json["facets"]["genre"]}
    assert genres["Drama"] == page.json["total"]["value"] and genres["Comedy"] > 0
    assert set(page.json["facets"]) == {"genre", "decade", "type", "rating"}
    assert all(entry["value"] % 10 == 0 for entry in page.json["facets"]["decade"])


async def test_a_hit_has_highlights_and_an_explanation(api: ApiClient) -> None:
    page = await api.search("spilberg jaws", explain=1, limit=1)
    hit = page.json["results"][0]
    assert hit["matches"]["title"] == [[0, 4]]
    assert hit["matches"]["directors"] == [[7, 16]]
    assert hit["why"] == "director ‘Spielberg’, one letter off; title word ‘Jaws’ exact"
    assert page.json["did_you_mean"] == "Spielberg Jaws"
    assert hit["reasons"] == [
        {"field": "directors", "text": "Spielberg", "kind": "one_letter_off"},
        {"field": "title", "text": "Jaws", "kind": "exact"},
    ]
    plain = (await api.search("jaws")).json["results"][0]
    assert (plain["why"], plain["reasons"]) == (None, None)


async def test_a_search_says_whether_the_film_is_here(api: ApiClient) -> None:
    jaws = (await api.search("jaws")).json
    assert (jaws["matched"], jaws["results"][0]["matched"]) == ("all", "all")
    absent = (await api.search("the third man")).json
    assert absent["matched"] == "some"
    assert "all" not in [result["matched"] for result in absent["results"]]
    assert absent["total"] == {"value": len(absent["results"]), "relation": "eq"} or absent["next"]
    assert (await api.search("qqqqxxxxzzzz")).json["matched"] is None
    complete = (await api.search("the third man", match="all")).json
    assert (complete["total"]["value"], complete["results"], complete["matched"]) == (0, [], None)
    searches = [{"q": "the third man", "match": "all"}, {"q": "jaws", "match": "all"}]
    batch = await api.request("POST", "/api/v1/search/batch", json={"searches": searches})
    assert [a["answer"]["matched"] for a in batch.json["answers"]] == [None, "all"]


async def test_the_search_command_says_whether_the_film_is_here(api: ApiClient) -> None:
    absent = await asyncio.to_thread(api.service.run, "search", "the", "third", "man")
    assert "no film has all of these words" in absent.stdout
    complete = await asyncio.to_thread(
        api.service.run, "search", "the", "third", "man", "--match", "all"
    )
    assert "no film matches" in complete.stdout
    present = await asyncio.to_thread(api.service.run, "search", "jaws")
    assert "no film" not in present.stdout


async def test_typos_can_be_switched_off(api: ApiClient) -> None:
    assert (await api.search("godfahter", typo="off")).json["total"]["value"] == 0


async def test_a_search_can_be_limited_to_fields(api: ApiClient) -> None:
    assert "Jaws" in await api.search_titles("spielberg")
    within = await api.search("spielberg", **{"in": "title"}, limit=100)
    assert "Jaws" not in [hit["movie"]["title"] for hit in within.json["results"]]
    assert (await api.search("jaws", **{"in": "title"})).json["results"][0]["matches"] == {
        "title": [[0, 4]]
    }


async def test_a_cursor_continues_past_the_last_offset_and_only_for_its_query(
    api: ApiClient,
) -> None:
    last = await api.get("/api/v1/movies?limit=50&offset=400&sort=title")
    assert "offset=450" in last.json["next"]
    page = await api.get("/api/v1/movies?limit=50&sort=title")
    address = page.json["next"]
    assert "cursor=" in address
    for other in (
        address.replace("sort=title", "sort=year"),
        address.replace("cursor=", "cursor=A"),
    ):
        refused = await api.get(other)
        assert (refused.status, refused.json["code"]) == (400, "cursor_invalid")
    second = await api.get(address)
    assert second.status == 200
    back = await api.get(second.json["previous"])
    assert [m["id"] for m in back.json["results"]] == [m["id"] for m in page.json["results"]]


async def test_an_expired_cursor_is_rejected_with_its_own_code(api: ApiClient) -> None:
    then = datetime.now(UTC) - timedelta(days=1)
    codec = CursorCodec(api.service.environment["JWT_SECRET"], lambda: then)
    question = '{"sort":"title"}'
    cursor = codec.encode(Cursor(MatchStage.EXACT, ("m", 1, "x"), 20), question)
    refused = await api.get(f"/api/v1/movies?sort=title&cursor={cursor}")
    assert (refused.status, refused.json["code"]) == (400, "cursor_expired")


async def test_paging_while_films_are_written_returns_every_film_once(api: ApiClient) -> None:
    token, locations = await api.admin_token(), []
    existing = {m["id"] for m in await _read_all(api, "/api/v1/search?q=the&limit=100")}
    address: str | None = "/api/v1/search?q=the&limit=20"
    film_ids: list[str] = []
    while address:
        page = await api.get(address)
        assert page.status == 200, page.json
        film_ids += [hit["movie"]["id"] for hit in page.json["results"]]
        address = page.json["next"]
        facts = {"title": f"The The {len(film_ids)}", "year": 1990, "directors": ["Nobody Known"]}
        written = await api.request("POST", "/api/v1/movies", token=token, json=facts)
        assert written.status == 201, written.json
        locations.append(written.headers["Location"])
    for location in locations:
        deleted = await api.request("DELETE", location, token=token, headers={"If-Match": "*"})
        assert deleted.status == 204
    assert len(film_ids) == len(set(film_ids))
    assert existing <= set(film_ids)


async def _read_all(api: ApiClient, address: str | None) -> list[dict[str, Any]]:
    movies = []
    while address:
        page = await api.get(address)
        movies += [hit["movie"] for hit in page.json["results"]]
        address = page.json["next"]
    return movies


async def test_each_search_of_a_batch_succeeds_or_fails_on_its_own(api: ApiClient) -> None:
    searches = [
        {"q": "godfahter", "limit": 1},
        {"q": ""},
        {"q": "the", "genre": ["Comedy"], "facets": ["type"]},
        {"q": "jaws", "colour": "blue"},
    ]
    batch = await api.request("POST", "/api/v1/search/batch", json={"searches": searches})
    assert batch.status == 200
    answers = batch.json["answers"]
    assert [answer["status"] for answer in answers] == [200, 422, 200, 422]
    assert answers[0]["answer"]["results"][0]["movie"]["title"] == "The Godfather"
    assert answers[1]["problem"]["code"] == "query_empty"
    assert answers[3]["problem"]["errors"][0]["pointer"] == "/searches/3/colour"
    following = await api.get(answers[2]["answer"]["next"])
    assert following.status == 200 and following.json["results"]
    many = await api.request("POST", "/api/v1/search/batch", json={"searches": [{"q": "x"}] * 11})
    assert many.status == 422


async def test_suggestions_complete_titles_and_directors(api: ApiClient) -> None:
    async def texts(q: str) -> list[tuple[str, str]]:
        response = await api.get("/api/v1/suggest", params={"q": q, "limit": "5"})
        assert response.status == 200, response.json
        return [(entry["kind"], entry["text"]) for entry in response.json["suggestions"]]

    assert ("title", "The Godfather") in await texts("godf")
    assert (await texts("steven sp"))[0] == ("director", "Steven Spielberg")
    assert ("director", "Steven Spielberg") in await texts("spielb")
    assert len(await texts("t")) == len(set(await texts("t"))) == 5
    assert (await api.get("/api/v1/suggest?q=")).status == 422


async def test_the_search_command_returns_the_same_film_as_the_api(api: ApiClient) -> None:
    words = ("search", "spilberg", "jaws", "--limit", "1", "--explain")
    process = await asyncio.to_thread(api.service.run, *words)
    assert process.returncode == 0, process.stderr
    assert "did you mean: Spielberg Jaws" in process.stdout
    assert "tt0073195" in process.stdout and "one letter" in process.stdout


async def test_file_names_and_descriptions_match_their_films(api: ApiClient) -> None:
    items = [
        "Jaws.1975.2160p.WEB-DL.x265-GRP",
        {"title": "The Godfathr", "year": 1972, "director": "Coppola", "runtime": 175},
        "Nothing.That.Anyone.Ever.Filmed.1999.mkv",
    ]
    response = await api.request("POST", "/api/v1/match", json={"items": items})
    assert response.status == 200, response.json
    jaws, godfather, nothing = response.json["matches"]
    assert jaws["candidates"][0]["movie"]["title"] == "Jaws"
    assert jaws["match"] == jaws["candidates"][0]["movie"]["id"]
    assert jaws["candidates"][0]["confidence"] >= 0.9
    assert (jaws["title"], jaws["year"]) == ("Jaws", 1975)
    assert godfather["candidates"][0]["movie"]["title"] == "The Godfather"
    assert nothing["match"] is None
    for body in ({"items": []}, {"items": ["x"] * 101}, {"items": "x"}, {}):
        refused = await api.request("POST", "/api/v1/match", json=body)
        assert refused.status == 422, refused.json


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        (7, "/items/1"),
        (None, "/items/1"),
        (["Jaws.1975.mkv"], "/items/1"),
        ("x" * 4_097, "/items/1"),
        ({"year": 1975}, "/items/1/title"),
        ({"title": ""}, "/items/1/title"),
        ({"title": "Jaws", "year": "soon"}, "/items/1/year"),
        ({"title": "Jaws", "studio": "Universal"}, "/items/1/studio"),
    ],
)
async def test_a_wrong_item_is_refused_in_its_place_and_the_others_are_matched(
    api: ApiClient, item: object, pointer: str
) -> None:
    items = ["Jaws.1975.mkv", item, {"title": "Alien", "year": 1979, "director": "Ridley Scott"}]
    response = await api.request("POST", "/api/v1/match", json={"items": items})
    assert response.status == 200, response.json
    jaws, refused, alien = response.json["matches"]
    assert jaws["error"] is None and jaws["match"] is not None
    assert alien["error"] is None and alien["match"] is not None
    assert (alien["title"], alien["director"]) == ("Alien", "Ridley Scott")
    assert (refused["title"], refused["match"], refused["candidates"]) == ("", None, [])
    assert (refused["error"]["status"], refused["error"]["code"]) == (422, "invalid")
    assert refused["error"]["errors"][0]["pointer"] == pointer


async def test_a_match_by_imdb_id_says_what_else_was_read(api: ApiClient) -> None:
    items = ["/films/Jaws (1975) {imdb-tt0073195}/jaws.mkv", "TT0073195", "tt0073195 S01E02.mkv"]
    response = await api.request("POST", "/api/v1/match", json={"items": items})
    named, bare, episode = response.json["matches"]
    assert named["imdb_id"] == bare["imdb_id"] == episode["imdb_id"] == "tt0073195"
    assert named["match"] == bare["match"] == episode["match"] is not None
    assert named["title"].lower() == "jaws"
    assert (bare["title"], bare["year"]) == ("", None)


@pytest.mark.parametrize(
    "query",
    [
        "type=movie,series&genre=drama,crime&language=english,french&country=usa,france",
        "type=movie&type=series&genre=drama&genre=crime&language=english&language=french"
        "&country=usa&country=france",
        "type=series,movie&genre=crime,drama&language=french,english&country=france,usa",
    ],
)
async def test_several_values_by_comma_or_repeated_mean_any_of_them(
    api: ApiClient, query: str
) -> None:
    one = {film["id"] async for film in _browse(api, "type=movie,series&genre=crime,drama")}
    parts = [
        {film["id"] async for film in _browse(api, f"type={kind}&genre={genre}")}
        for kind in ("movie", "series")
        for genre in ("crime", "drama")
    ]
    assert one == set().union(*parts) and all(films < one for films in parts if films)
    response = await api.get(f"/api/v1/movies?{query}&facets=type,genre&facets=language")
    assert response.status == 200, response.json
    assert set(response.json["facets"]) == {"type", "genre", "language"}


async def test_films_are_filtered_by_source_with_and_without_words(api: ApiClient) -> None:
    async def get_sources(path: str) -> tuple[set[str], int]:
        response = await api.get(path)
        assert (response.status, response.json["degraded"]) == (200, [])
        films = [result.get("movie", result) for result in response.json["results"]]
        return {film["source"] for film in films}, response.json["total"]["value"]

    everything = await get_sources("/api/v1/movies?limit=100")
    samples = await get_sources("/api/v1/movies?source=sample&limit=100")
    assert samples[0] == {"sample"} and 0 < samples[1] <= 500
    rest = await get_sources("/api/v1/movies?source=user&source=omdb&limit=100")
    assert "sample" not in rest[0] and samples[1] + rest[1] == everything[1]
    assert await get_sources("/api/v1/movies?source=user,omdb,sample&limit=100") == everything
    assert await get_sources("/api/v1/search?q=jaws&source=sample&year=1975") == ({"sample"}, 1)
    assert (await get_sources("/api/v1/search?q=jaws&source=omdb&year=1975"))[1] == 0
    unknown = await api.get("/api/v1/movies?source=imdb")
    assert (unknown.status, unknown.json["errors"][0]["pointer"]) == (422, "source/0")


async def test_directors_are_repeated_and_a_comma_is_part_of_a_name(api: ApiClient) -> None:
    path = "/api/v1/movies?director=steven+spielberg&director=ridley+scott&limit=100"
    films = (await api.get(path)).json["results"]
    directors = {name for film in films for name in film["directors"]}
    assert {"Steven Spielberg", "Ridley Scott"} <= directors
    joined = await api.get("/api/v1/movies?director=steven+spielberg,ridley+scott")
    assert joined.json["results"] == []


async def _browse(api: ApiClient, query: str) -> AsyncIterator[dict[str, Any]]:
    url: str | None = f"/api/v1/movies?{query}&limit=100"
    while url:
        page = (await api.get(url)).json
        for film in page["results"]:
            yield film
        url = page["next"]


async def test_requests_through_a_proxy_are_limited_by_network_and_local_ones_are_not(
    api: ApiClient,
) -> None:
    body, headers = {"items": ["jaws 1975"]}, {"X-Forwarded-For": "203.0.113.7"}
    for _ in range(5):
        assert (await api.request("POST", "/api/v1/match", json=body)).status == 200
    answers = [
        await api.request("POST", "/api/v1/match", json=body, headers=headers) for _ in range(8)
    ]
    refused = [answer for answer in answers if answer.status == 429]
    assert answers[0].status == 200 and refused, [answer.status for answer in answers]
    assert refused[0].json["code"] == "too_many_requests"
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].headers["RateLimit-Policy"] == '"match";q=2;w=1'
    assert refused[0].headers["RateLimit"] == '"match";r=0;t=1'
