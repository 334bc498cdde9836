"""Posters over HTTP: immutable at their own address, a placeholder for a film without one."""

import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from PIL import Image

from tests.api.test_films import add_film, unique_title
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

FAKE_OMDB_POSTER = "/posters/tt0068646.jpg"


async def add_film_with_poster(api: ApiClient, omdb_address: str) -> dict[str, Any]:
    """Add a film and return it as soon as its poster is stored."""
    source = omdb_address.rstrip("/") + FAKE_OMDB_POSTER
    film = await add_film(api, title=unique_title("Poster"), poster_url=source)

    async def get_if_stored() -> dict[str, Any] | None:
        body = (await api.get(f"/api/v1/movies/{film['id']}")).json
        return body if body["poster"]["status"] == "stored" else None

    return dict(await wait_until(get_if_stored))


async def test_a_poster_is_served_by_film_and_by_its_own_address(
    api: ApiClient, omdb_address: str
) -> None:
    film = await add_film_with_poster(api, omdb_address)
    for size, width in (("w185", 185), ("w342", 342), ("w780", 600)):
        by_key = await api.get(film["poster"]["sizes"][size])
        by_film = await api.get(f"/api/v1/movies/{film['id']}/poster?size={size}")
        assert by_key.status == by_film.status == 200
        assert by_key.body == by_film.body
        assert Image.open(io.BytesIO(by_key.body)).size[0] == width
        assert by_key.headers["Content-Type"] == "image/jpeg"
        assert by_key.headers["X-Content-Type-Options"] == "nosniff"
        assert by_key.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "immutable" not in by_film.headers["Cache-Control"]
    default_size = await api.get(f"/api/v1/movies/{film['id']}/poster")
    assert default_size.body == (await api.get(film["poster"]["url"])).body


async def test_a_matching_etag_returns_304(api: ApiClient, omdb_address: str) -> None:
    film = await add_film_with_poster(api, omdb_address)
    for path in (film["poster"]["url"], f"/api/v1/movies/{film['id']}/poster"):
        etag = (await api.get(path)).headers["ETag"]
        again = await api.get(path, headers={"If-None-Match": etag})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    other = await api.get(f"/api/v1/movies/{film['id']}/poster?size=w185")
    assert other.headers["ETag"] != etag


async def test_a_stored_poster_changes_the_films_etag_and_not_its_version(
    api: ApiClient, omdb_address: str
) -> None:
    film = await add_film_with_poster(api, omdb_address)
    plain = {"Accept-Encoding": "identity"}
    response = await api.get(f"/api/v1/movies/{film['id']}", headers=plain)
    assert response.json["version"] == 1
    assert response.headers["ETag"] == f'"{film["id"]}.1.1"'


async def test_a_film_without_a_poster_gets_a_placeholder_with_its_title(api: ApiClient) -> None:
    film_title = unique_title("<script>alert('&')</script>")
    film = await add_film(api, title=film_title)
    assert film["poster"] == {"status": "missing", "reason": None, "url": None, "sizes": {}}
    placeholder = await api.get(f"/api/v1/movies/{film['id']}/poster?size=w780")
    assert (placeholder.status, placeholder.headers["Content-Type"]) == (200, "image/svg+xml")
    assert int(placeholder.headers["Cache-Control"].rpartition("=")[2]) <= 60
    assert placeholder.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in placeholder.headers["Content-Security-Policy"]
    svg = ElementTree.fromstring(placeholder.body)
    assert svg.get("width") == "780"
    assert not [element for element in svg.iter() if element.tag.endswith("script")]
    assert "alert" in "".join(svg.itertext())
    again = await api.get(
        f"/api/v1/movies/{film['id']}/poster?size=w780",
        headers={"If-None-Match": placeholder.headers["ETag"]},
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
async def test_a_failed_poster_states_its_reason_and_the_film_is_served(
    api: ApiClient, omdb_address: str, source: str, status: str, reason: str
) -> None:
    address = source.format(omdb=omdb_address.rstrip("/"))
    film = await add_film(api, title=unique_title("Posterless"), poster_url=address)

    async def get_if_decided() -> dict[str, Any] | None:
        body = (await api.get(f"/api/v1/movies/{film['id']}")).json
        return dict(body["poster"]) if body["poster"]["status"] != "pending" else None

    poster = await wait_until(get_if_decided)
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
async def test_an_invalid_request_is_a_problem_document(
    api: ApiClient, path: str, status: int, code: str
) -> None:
    response = await api.get(path)
    assert (response.status, response.json["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
