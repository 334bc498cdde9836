"""OMDb's API at `/omdb`: the requests of its clients, and what they do with the answers."""

import json
import re
import uuid
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.service_runner import ApiClient, Response

JAWS = "tt0073195"
HOSTILE_PLOT = 'He said "stop" \\ </script> & left\u2028; \u00a0it\'s ]]> a {\n"plot"}.'
NOT_FOUND = {"Response": "False", "Error": "Movie not found!"}


async def ask(api: ApiClient, **params: str) -> Any:
    """Return the JSON of an answer with status 200."""
    response = await api.get("/omdb/", params=params)
    assert response.status == 200, response.body
    return response.json


async def add_film(api: ApiClient, **facts: object) -> Any:
    """Add a film of a new title and IMDb id; return it as the API shows it."""
    number = uuid.uuid4().int
    film = {
        "title": f"Omdb {number % 10**9:09}",
        "imdb_id": f"tt{number % 10**8:08}",
        **facts,
    }
    token = await api.admin_token()
    added = await api.request("POST", "/api/v1/movies", token=token, json=film)
    assert added.status == 201, added.json
    return added.json


async def add_searchable_film(api: ApiClient, **facts: object) -> Any:
    film = await add_film(api, **facts)
    token = f"{film['id']}:{film['version']}"
    await api.get("/api/v1/search", params={"q": film["title"], "after": token})
    return film


@pytest.mark.parametrize("path", ["/omdb", "/omdb/"])
async def test_a_film_by_id_has_all_of_omdbs_fields_as_texts(api: ApiClient, path: str) -> None:
    film = (await api.get(f"{path}?i={JAWS}&plot=short&tomatoes=true&r=json")).json
    assert {name: value for name, value in film.items() if not isinstance(value, str)} == {
        "Ratings": film["Ratings"]
    }
    assert (film["Title"], film["Year"], film["imdbID"]) == ("Jaws", "1975", JAWS)
    assert (film["Type"], film["Response"]) == ("movie", "True")
    assert re.fullmatch(r"\d{1,3}(,\d{3})+", film["imdbVotes"])
    assert film["DVD"] == film["Website"] == "N/A"
    assert {"Source": "Internet Movie Database", "Value": f"{film['imdbRating']}/10"} in film[
        "Ratings"
    ]


async def test_each_value_is_written_as_omdb_writes_it(api: ApiClient) -> None:
    added = await add_film(
        api,
        year=1975,
        released="1975-06-02",
        runtime_minutes=124,
        genres=["Adventure", "Thriller"],
        directors=["Ann Lee", "Bo Ek"],
        ratings={"imdb": {"value": 8, "votes": 1584069}, "rotten_tomatoes": 98, "metacritic": 87},
        box_office_usd=260758300,
    )
    film = await ask(api, i=added["imdb_id"])
    assert (
        film
        | {
            "Released": "02 Jun 1975",
            "Runtime": "124 min",
            "Genre": "Adventure, Thriller",
            "Director": "Ann Lee, Bo Ek",
            "imdbRating": "8.0",
            "imdbVotes": "1,584,069",
            "Metascore": "87",
            "BoxOffice": "$260,758,300",
            "Poster": "N/A",
            "Plot": "N/A",
            "Ratings": [
                {"Source": "Internet Movie Database", "Value": "8.0/10"},
                {"Source": "Rotten Tomatoes", "Value": "98%"},
                {"Source": "Metacritic", "Value": "87/100"},
            ],
        }
        == film
    )


@pytest.mark.parametrize(
    ("end_year", "years"), [(None, "2014–"), (2017, "2014–2017")], ids=["running", "ended"]
)
async def test_a_series_has_its_years_with_an_en_dash(
    api: ApiClient, end_year: int | None, years: str
) -> None:
    added = await add_film(api, type="series", year=2014, end_year=end_year)
    film = await ask(api, i=added["imdb_id"])
    assert (film["Year"], film["Type"]) == (years, "series")
    assert "totalSeasons" in film
    assert "BoxOffice" not in film


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"i": "tt99999999"}, "Movie not found!"),
        ({"i": "tt12"}, "Incorrect IMDb ID."),
        ({"i": "dune"}, "Incorrect IMDb ID."),
        ({}, "Incorrect IMDb ID."),
        ({"plot": "full"}, "Incorrect IMDb ID."),
        ({"t": ""}, "Something went wrong."),
        ({"s": " "}, "Something went wrong."),
        ({"y": "1975"}, "Something went wrong."),
        ({"type": "movie"}, "Something went wrong."),
        ({"t": "jaws", "y": "x"}, "Something went wrong."),
        ({"s": "jaws", "page": "0"}, "Something went wrong."),
        ({"s": "jaws", "page": "101"}, "Something went wrong."),
        ({"s": "jaws", "y": "9999"}, "Something went wrong."),
        ({"s": "?!"}, "Too many results."),
        ({"s": "jaws", "page": "90"}, "Movie not found!"),
        ({"s": "qqqqxxxxzzzz"}, "Movie not found!"),
        ({"t": "No such film as this", "type": "series"}, "Series not found!"),
        ({"t": "No such film as this"}, "Movie not found!"),
        ({"i": JAWS, "Season": "1"}, "Series or season not found!"),
        ({"i": JAWS, "season": "1", "episode": "2"}, "Series or episode not found!"),
        ({"i": JAWS, "callback": "alert(1);x"}, "Something went wrong."),
    ],
)
async def test_what_cannot_be_answered_has_omdbs_words_and_status_200(
    api: ApiClient, params: dict[str, str], error: str
) -> None:
    assert await ask(api, **params) == {"Response": "False", "Error": error}


async def test_parameters_are_read_in_any_case_and_unknown_ones_ignored(api: ApiClient) -> None:
    film = await ask(api, I=JAWS, PLOT="Full", R="JSON", detail="full", tomatoes="False", v="1")
    assert film["Title"] == "Jaws"
    assert (await ask(api, T="jaws", Y="1975", TYPE="movie"))["imdbID"] == JAWS


async def test_a_query_with_too_many_or_broken_parameters_is_refused(api: ApiClient) -> None:
    query = "&".join(f"a{number}=1" for number in range(101))
    assert (await api.get(f"/omdb/?i={JAWS}&{query}")).json["Error"] == "Something went wrong."
    assert (await api.get("/omdb/?t=%ff%00%fe")).json["Response"] == "False"


async def test_an_unknown_title_is_looked_up_at_omdb_and_kept(api: ApiClient) -> None:
    film = await ask(api, t="Dune: Part One")
    assert (film["imdbID"], film["Response"]) == ("tt1160419", "True")


async def test_a_search_has_ten_a_page_and_a_total_as_text(api: ApiClient) -> None:
    seen: list[str] = []
    page, total = 1, 11
    while total > (page - 1) * 10 and page < 5:
        answer = await ask(api, r="json", v="1", s="the", type="movie", page=str(page))
        assert isinstance(answer["totalResults"], str)
        total, page = int(answer["totalResults"]), page + 1
        assert len(answer["Search"]) == min(10, total - len(seen))
        seen += [hit["imdbID"] for hit in answer["Search"]]
    assert len(seen) == len(set(seen)) > 10
    assert set(answer["Search"][0]) == {"Title", "Year", "imdbID", "Type", "Poster"}


async def test_a_search_finds_misspelt_and_short_titles(api: ApiClient) -> None:
    hits = (await ask(api, s="godfahter"))["Search"]
    assert hits[0]["Title"] == "The Godfather"
    assert (await ask(api, s="up"))["Search"][0]["Title"] == "Up"


async def test_a_search_lists_episodes_only_if_asked_for(api: ApiClient) -> None:
    film = await add_searchable_film(api, type="episode", title=f"Pilot {uuid.uuid4().hex}")
    assert await ask(api, s=film["title"]) == NOT_FOUND
    (hit,) = (await ask(api, s=film["title"], type="episode"))["Search"]
    assert hit["imdbID"] == film["imdb_id"]


@pytest.mark.parametrize("form", ["json", "xml", "jsonp"])
async def test_a_hostile_plot_reaches_the_client_unharmed_in_each_form(
    api: ApiClient, form: str
) -> None:
    added = await add_film(api, plot=HOSTILE_PLOT)
    params = {"i": added["imdb_id"], "plot": "full", "r": form}
    if form == "jsonp":
        params["callback"] = "app.show_1"
    response = await api.get("/omdb/", params=params)
    text = response.body.decode()
    if form == "xml":
        root = ElementTree.fromstring(text)
        assert root.attrib == {"response": "True"}
        plot = root[0].attrib["plot"]
    elif form == "jsonp":
        assert response.headers["Content-Type"].startswith("text/javascript")
        assert "\u2028" not in text
        match = re.fullmatch(r"app\.show_1\((.*)\)", text, re.DOTALL)
        assert match
        plot = json.loads(match[1])["Plot"]
    else:
        plot = response.json["Plot"]
    assert plot == added["plot"] == HOSTILE_PLOT


async def test_xml_has_results_and_errors_as_omdb_writes_them(api: ApiClient) -> None:
    answer = await api.get("/omdb/?s=godfather&r=xml")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.body)
    assert root.attrib["response"] == "True"
    assert root.attrib["totalResults"] == str(len(root)) or len(root) == 10
    assert {"title", "year", "imdbID", "type", "poster"} == set(root[0].attrib)
    lost = ElementTree.fromstring((await api.get("/omdb/?i=tt12&r=xml")).body)
    assert (lost.attrib, lost[0].tag, lost[0].text) == (
        {"response": "False"},
        "error",
        "Incorrect IMDb ID.",
    )


async def test_a_short_plot_ends_with_a_sentence(api: ApiClient) -> None:
    sentence = "A shark attacks a town. "
    added = await add_film(api, plot=sentence * 20)
    short = (await ask(api, i=added["imdb_id"]))["Plot"]
    assert short == (sentence * 10).strip()
    assert (await ask(api, i=added["imdb_id"], plot="full"))["Plot"] == added["plot"]


async def test_a_changed_film_is_answered_as_it_is_now(api: ApiClient) -> None:
    added = await add_film(api, plot="Old.")
    assert (await ask(api, i=added["imdb_id"]))["Plot"] == "Old."
    await api.request(
        "PATCH",
        f"/api/v1/movies/{added['id']}",
        token=await api.admin_token(),
        json={"plot": "New."},
        headers={"If-Match": "*"},
    )
    assert (await ask(api, i=added["imdb_id"]))["Plot"] == "New."


async def test_a_poster_is_an_image_and_a_lost_one_is_no_answer_with_200(api: ApiClient) -> None:
    added = await add_film(api)
    image = await api.get(f"/omdb/img?i={added['imdb_id']}&h=600&apikey=x")
    assert (image.status, image.headers["Content-Type"]) == (200, "image/svg+xml")
    assert b'width="780"' in image.body
    again = await api.get(
        f"/omdb/img?i={added['imdb_id']}&h=600", headers={"If-None-Match": image.headers["ETag"]}
    )
    assert again.status == 304
    lost = await api.get("/omdb/img?i=tt99999999")
    assert (lost.status, lost.json) == (404, NOT_FOUND)


async def test_pages_of_any_origin_may_read_films(api: ApiClient) -> None:
    response: Response = await api.get(f"/omdb/?i={JAWS}", headers={"Origin": "https://x.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_kometa_finds_its_key_good_and_reads_a_day(api: ApiClient) -> None:
    film = await ask(api, i="tt0080684", apikey="any")
    assert (film["Response"], film["imdbID"]) == ("True", "tt0080684")
    added = await add_film(api, released="1975-06-26")
    assert (await ask(api, i=added["imdb_id"]))["Released"] == "26 Jun 1975"


async def test_jellyfin_reads_year_votes_and_tomatoes_of_a_film(api: ApiClient) -> None:
    added = await add_film(
        api, year=1999, ratings={"imdb": {"value": 8.7, "votes": 1700000}, "rotten_tomatoes": 83}
    )
    query = f"i={added['imdb_id']}&plot=short&tomatoes=true&r=json"
    film = (await api.get(f"/omdb?{query}")).json
    assert int(film["Year"][:4]) == 1999
    assert int(film["imdbVotes"].replace(",", "")) == 1700000
    tomatoes = [r["Value"] for r in film["Ratings"] if r["Source"] == "Rotten Tomatoes"]
    assert tomatoes == ["83%"]


SERIES = "tt0903747"


@pytest.mark.parametrize("params", [{"i": SERIES}, {"t": "breaking bad", "type": "episode"}])
async def test_a_season_lists_its_episodes(api: ApiClient, params: dict[str, str]) -> None:
    season = await ask(api, **params, Season="5", detail="full")
    assert season == {
        "Title": "Breaking Bad",
        "Season": "5",
        "totalSeasons": "5",
        "Episodes": [
            {
                "Title": "Ozymandias",
                "Released": "2013-09-15",
                "Episode": "14",
                "imdbRating": "10.0",
                "imdbID": "tt2301451",
            },
            {
                "Title": "Felina",
                "Released": "N/A",
                "Episode": "16",
                "imdbRating": "N/A",
                "imdbID": "tt2301455",
            },
        ],
        "Response": "True",
    }
    root = ElementTree.fromstring((await api.get(f"/omdb/?i={SERIES}&Season=5&r=xml")).body)
    assert (root.attrib["season"], root.attrib["totalSeasons"]) == ("5", "5")
    assert [entry.attrib["title"] for entry in root] == ["Ozymandias", "Felina"]


async def test_an_episode_has_what_omdb_knows_or_else_what_its_season_says(api: ApiClient) -> None:
    episode = await ask(api, i=SERIES, season="5", episode="14", plot="long")
    assert (episode["Title"], episode["Type"], episode["imdbID"]) == (
        "Ozymandias",
        "episode",
        "tt2301451",
    )
    assert (episode["Season"], episode["Episode"], episode["seriesID"]) == ("5", "14", SERIES)
    assert episode["Director"] == "Rian Johnson"
    assert "DVD" not in episode
    assert await ask(api, i="tt2301451", plot="full") == episode
    listed = await ask(api, i=SERIES, Season="1", Episode="1")
    assert (listed["Title"], listed["Year"], listed["Released"]) == ("Pilot", "2008", "20 Jan 2008")
    assert (listed["imdbID"], listed["Director"], listed["seriesID"]) == (
        "tt0959621",
        "N/A",
        SERIES,
    )


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"i": SERIES, "Season": "9"}, "Series or season not found!"),
        ({"i": SERIES, "Season": "x"}, "Series or season not found!"),
        ({"i": SERIES, "Season": "5", "Episode": "15"}, "Series or episode not found!"),
        ({"i": "tt99999999", "Season": "1"}, "Series or season not found!"),
    ],
)
async def test_a_season_or_episode_that_there_is_not_has_omdbs_words(
    api: ApiClient, params: dict[str, str], error: str
) -> None:
    assert await ask(api, **params) == {"Response": "False", "Error": error}


async def test_a_series_says_how_many_seasons_it_has(api: ApiClient) -> None:
    series = await ask(api, i=SERIES)
    assert (series["Year"], series["totalSeasons"]) == ("2008–2013", "5")


async def test_the_episodes_of_a_series_are_read_by_season(api: ApiClient) -> None:
    path = f"/api/v1/movies/{SERIES}/episodes"
    season = (await api.get(f"{path}?season=5")).json
    assert season["total_seasons"] == 5
    assert [entry["title"] for entry in season["seasons"][0]["episodes"]] == [
        "Ozymandias",
        "Felina",
    ]
    assert season["seasons"][0]["episodes"][1]["released"] is None
    everything = (await api.get(path)).json
    assert 5 in [entry["season"] for entry in everything["seasons"]]
    missing = await api.get(f"{path}?season=9")
    assert (missing.status, missing.json["code"]) == (404, "season_not_found")
    film = await api.get(f"/api/v1/movies/{JAWS}/episodes")
    assert (film.status, film.json["code"]) == (404, "season_not_found")
