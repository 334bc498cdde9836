"""Films whose titles differ by a mark that makes another letter, or by an accent that does not."""

import pytest

from tests.support.service_runner import ApiClient


async def add_film(api: ApiClient, title: str, **facts: object) -> tuple[int, str]:
    """Add a film and wait until it is searchable; return the status and its id, if it was added."""
    body = {"title": title, "year": 2003, "directors": ["Ken Mark"], **facts}
    token = await api.admin_token()
    response = await api.request("POST", "/api/v1/movies", json=body, token=token)
    if response.status != 201:
        return response.status, ""
    await api.get("/api/v1/search", params={"q": title, "after": response.headers["Index-Token"]})
    return response.status, response.json["id"]


@pytest.mark.parametrize(
    ("title", "other"),
    [("パパだよ", "ハハたよ"), ("Злой край", "Злои краи"), ("ไม่ใช่ฉัน", "ไม้ใช้ฉัน"), ("हिन्द", "हिनद")],
)
async def test_films_whose_titles_differ_by_a_letter_are_two_films(
    api: ApiClient, title: str, other: str
) -> None:
    films = {}
    for name in (title, other):
        status, films[name] = await add_film(api, name)
        assert status == 201
    for name, film_id in films.items():
        response = await api.get(f"/api/v1/movies/{name}")
        assert (response.status, response.json["id"]) == (200, film_id)
        results = (await api.search(name)).json["results"]
        assert results[0]["movie"]["id"] == film_id


@pytest.mark.parametrize(
    ("title", "other"),
    [("Чёрный снег", "Черный снег"), ("Ζωή μου", "Ζωη μου"), ("ｶﾞﾗｽの森", "ガラスの森")],
)
async def test_films_whose_titles_differ_by_an_accent_are_one_film(
    api: ApiClient, title: str, other: str
) -> None:
    status, film_id = await add_film(api, title)
    assert status == 201
    assert (await add_film(api, other))[0] == 409
    assert (await api.get(f"/api/v1/movies/{other}")).json["id"] == film_id
    assert (await api.search(other)).json["results"][0]["movie"]["id"] == film_id


async def test_an_umlaut_is_found_as_two_letters_and_as_one(api: ApiClient) -> None:
    _, film_id = await add_film(api, "Die Rückwärtsläufer", directors=["Jürgen Sørensen-Ågård"])
    for typed in ("Die Rue", "die rueckw", "Die Rü", "die ru", "rueckwaertslaeufer"):
        suggestions = (await api.get("/api/v1/suggest", params={"q": typed})).json["suggestions"]
        assert film_id in [suggestion["movie_id"] for suggestion in suggestions], typed
    for typed in ("die rueckwaertslaeufer", "die ruckwartslaufer", "juergen soerensen aagaard"):
        results = (await api.search(typed)).json["results"]
        assert results[0]["movie"]["id"] == film_id, typed
