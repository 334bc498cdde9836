"""Posters over HTTP: bytes that never change at their own address, a sheet where there is none."""

import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from PIL import Image

from tests.api.test_films import add_film, unique_title
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

NAMED = "/posters/tt0068646.jpg"  # a picture that the OMDb of these tests has


async def with_poster(api: ApiClient, omdb_address: str) -> dict[str, Any]:
    """Return a film, once its poster is stored."""
    source = omdb_address.rstrip("/") + NAMED
    film = await add_film(api, title=unique_title("Poster"), poster_url=source)

    async def stored() -> dict[str, Any] | None:
        shown = (await api.get(f"/api/v1/movies/{film['id']}")).json
        return shown if shown["poster"]["status"] == "stored" else None

    return dict(await wait_until(stored))


async def test_a_poster_is_shown_by_its_film_and_by_its_own_address(
    api: ApiClient, omdb_address: str
) -> None:
    film = await with_poster(api, omdb_address)
    for size, width in (("w185", 185), ("w342", 342), ("w780", 600)):
        own = await api.get(film["poster"]["sizes"][size])
        by_film = await api.get(f"/api/v1/movies/{film['id']}/poster?size={size}")
        assert own.status == by_film.status == 200
        assert own.body == by_film.body
        assert Image.open(io.BytesIO(own.body)).size[0] == width
        assert own.headers["Content-Type"] == "image/jpeg"
        assert own.headers["X-Content-Type-Options"] == "nosniff"
        assert own.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "immutable" not in by_film.headers["Cache-Control"]
    unasked = await api.get(f"/api/v1/movies/{film['id']}/poster")
    assert unasked.body == (await api.get(film["poster"]["url"])).body


async def test_a_poster_that_a_client_has_is_not_sent_again(
    api: ApiClient, omdb_address: str
) -> None:
    film = await with_poster(api, omdb_address)
    for path in (film["poster"]["url"], f"/api/v1/movies/{film['id']}/poster"):
        tag = (await api.get(path)).headers["ETag"]
        again = await api.get(path, headers={"If-None-Match": tag})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    other = await api.get(f"/api/v1/movies/{film['id']}/poster?size=w185")
    assert other.headers["ETag"] != tag


async def test_a_stored_poster_raises_the_films_tag_and_not_its_version(
    api: ApiClient, omdb_address: str
) -> None:
    film = await with_poster(api, omdb_address)
    shown = await api.get(f"/api/v1/movies/{film['id']}")
    assert shown.json["version"] == 1
    assert shown.headers["ETag"] == f'"{film["id"]}.1.1"'


async def test_a_film_without_a_poster_shows_its_title(api: ApiClient) -> None:
    named = unique_title("<script>alert('&')</script>")
    film = await add_film(api, title=named)
    assert film["poster"] == {"status": "missing", "reason": None, "url": None, "sizes": {}}
    drawn = await api.get(f"/api/v1/movies/{film['id']}/poster?size=w780")
    assert (drawn.status, drawn.headers["Content-Type"]) == (200, "image/svg+xml")
    assert int(drawn.headers["Cache-Control"].rpartition("=")[2]) <= 60
    assert drawn.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in drawn.headers["Content-Security-Policy"]
    sheet = ElementTree.fromstring(drawn.body)
    assert sheet.get("width") == "780"
    assert not [part for part in sheet.iter() if part.tag.endswith("script")]
    assert "alert" in "".join(sheet.itertext())
    again = await api.get(
        f"/api/v1/movies/{film['id']}/poster?size=w780",
        headers={"If-None-Match": drawn.headers["ETag"]},
    )
    assert again.status == 304


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "rejected", "public host"),
        ("{omdb}/_calls", "rejected", "not a JPEG, PNG or WebP"),
        ("{omdb}/posters/none.jpg", "missing", "404"),
    ],
)
async def test_a_poster_that_fails_says_why_and_the_film_is_served(
    api: ApiClient, omdb_address: str, source: str, status: str, reason: str
) -> None:
    address = source.format(omdb=omdb_address.rstrip("/"))
    film = await add_film(api, title=unique_title("Posterless"), poster_url=address)

    async def decided() -> dict[str, Any] | None:
        shown = (await api.get(f"/api/v1/movies/{film['id']}")).json
        return dict(shown["poster"]) if shown["poster"]["status"] != "pending" else None

    poster = await wait_until(decided)
    assert poster["status"] == status
    assert reason in poster["reason"]
    assert (poster["url"], poster["sizes"]) == (None, {})


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/movies/tt9999999/poster", 404, "movie_not_found"),
        (f"/api/v1/posters/{'0' * 64}/w342.jpg", 404, "poster_not_found"),
        ("/api/v1/posters/..%2F..%2Fmovies/w342.jpg", 404, "poster_not_found"),
        ("/api/v1/movies/tt0073195/poster?size=w9999", 422, "invalid"),
        ("/api/v1/movies/tt0073195/poster?width=342", 422, "invalid"),
    ],
)
async def test_what_is_not_there_is_a_problem_document(
    api: ApiClient, path: str, status: int, code: str
) -> None:
    refused = await api.get(path)
    assert (refused.status, refused.json["code"]) == (status, code)
    assert refused.headers["Content-Type"] == "application/problem+json"
