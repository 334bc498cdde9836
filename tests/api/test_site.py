"""The page's addresses on a running service: documents, files, headers and errors."""

import re

import pytest

from tests.support.members import Member
from tests.support.service_runner import ApiClient

PAGES = ("/", "/names", "/login", "/register", "/account", "/admin", "/user/ada", "/list/1")
HTML = "text/html; charset=utf-8"
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def read_version(api: ApiClient) -> str:
    page = await api.get("/")
    match = re.search(r'/static/([0-9a-f]{16})/app\.js"></script>', page.body.decode())
    assert match, page.body
    return match[1]


@pytest.mark.parametrize("path", [*PAGES, "/?q=jaws&year_min=1970&anything=else"])
async def test_a_page_answers_with_the_document_under_a_strict_policy(
    api: ApiClient, path: str
) -> None:
    response = await api.get(path)
    assert (response.status, response.headers["Content-Type"]) == (200, HTML)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "RateLimit" not in response.headers


async def test_a_document_is_not_sent_again_to_who_has_it(api: ApiClient) -> None:
    first = await api.get("/")
    again = await api.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    head = await api.request("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == HTML
    other = await api.get("/names")
    assert other.headers["ETag"] != first.headers["ETag"]


async def test_every_file_that_a_document_names_is_there_and_immutable(api: ApiClient) -> None:
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', (await api.get("/")).body.decode())
    assert len(addresses) > 4
    for address in addresses:
        response = await api.get(address)
        assert response.status == 200, address
        if address.startswith("/static/"):
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_a_file_of_another_version_is_sent_but_not_kept(api: ApiClient) -> None:
    response = await api.get("/static/0123456789abcdef/app.js")
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-cache"


async def test_a_file_is_compressed_and_its_tag_says_how(api: ApiClient) -> None:
    path = f"/static/{await read_version(api)}/app.js"
    plain = await api.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    for encoding, suffix in (("br", "br"), ("gzip", "gz")):
        packed = await api.get(path, headers={"Accept-Encoding": encoding})
        assert packed.body == plain.body  # the client unpacks it
        if len(plain.body) >= 1000:
            assert packed.headers["Content-Encoding"] == encoding
            assert packed.headers["ETag"].endswith(f'-{suffix}"')
        assert packed.headers["Vary"].split(", ").count("Accept-Encoding") == 1
        tag = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": encoding}
        assert (await api.get(path, headers=tag)).status == 304


@pytest.mark.parametrize("path", ["nothing.js", "../api.py", "..%2f..%2fapi.py", "%00", ""])
async def test_a_file_that_is_not_there_is_a_problem(api: ApiClient, path: str) -> None:
    response = await api.get(f"/static/{await read_version(api)}/{path}", headers=AS_BROWSER)
    assert (response.status, response.json["code"]) == (404, "route_not_found")


async def test_a_document_names_a_list_that_anybody_may_see(api: ApiClient) -> None:
    member, name = await Member.join(api), 'Sharks "<b>"'
    new = {"name": name, "description": "From old\nto new.", "visibility": "unlisted"}
    list_id = (await member.send("POST", "/lists", new)).json["id"]
    text = (await api.get(f"/list/{list_id}")).body.decode()
    assert "<title>Sharks &quot;&lt;b&gt;&quot; · Movies</title>" in text
    assert '<meta property="og:description" content="From old to new.">' in text
    await member.send("PATCH", f"/lists/{list_id}", {"visibility": "private"})
    hidden = await api.get(f"/list/{list_id}")
    assert (hidden.status, "Sharks" in hidden.body.decode()) == (200, False)


async def test_a_film_has_its_title_in_the_document(api: ApiClient) -> None:
    [film] = (await api.search("godfahter", limit=1)).json["results"]
    for name in (film["movie"]["id"], film["movie"]["imdb_id"], "the%20godfather"):
        text = (await api.get(f"/film/{name}")).body.decode()
        assert "<title>The Godfather (1972) · Movies</title>" in text
        assert f'<meta property="og:url" content="{api.service.url}/film/tt0068646">' in text


async def test_a_film_that_is_unknown_is_left_to_the_page_when_omdb_may_know_it(
    api: ApiClient,
) -> None:
    response = await api.get("/film/tt9999999")
    assert (response.status, response.headers["Content-Type"]) == (200, HTML)
    assert "<title>Movies</title>" in response.body.decode()
    assert (await api.get("/film/%ff")).json["code"] == "malformed_path"


async def test_an_unknown_address_is_a_document_for_browsers_and_a_problem_for_programs(
    api: ApiClient,
) -> None:
    page = await api.get("/nothing/here", headers=AS_BROWSER)
    assert (page.status, page.headers["Content-Type"]) == (404, HTML)
    assert "default-src 'none'; script-src 'self'" in page.headers["Content-Security-Policy"]
    for path, headers in (
        ("/nothing/here", {}),
        ("/api/v1/nothing", AS_BROWSER),
        ("/health/nothing", AS_BROWSER),
        ("/api", AS_BROWSER),
    ):
        problem = await api.get(path, headers=headers)
        assert (problem.status, problem.json["code"]) == (404, "route_not_found")
    posted = await api.request("POST", "/nothing/here", headers=AS_BROWSER)
    assert posted.json["code"] == "route_not_found"
    assert (await api.request("POST", "/names")).status == 405


async def test_what_browsers_and_robots_ask_for_is_there(api: ApiClient) -> None:
    assert (await api.get("/favicon.svg")).headers["Content-Type"] == "image/svg+xml"
    assert (await api.get("/favicon.ico")).body.startswith(b"\x00\x00\x01\x00")
    robots = (await api.get("/robots.txt")).body.decode()
    assert "Allow: /film/" in robots
    assert "Disallow: /" in robots
    search = await api.get("/opensearch.xml")
    assert search.headers["Content-Type"] == "application/opensearchdescription+xml"
    assert f'template="{api.service.url}/?q={{searchTerms}}"' in search.body.decode()


async def test_a_forged_host_does_not_reach_the_document(api: ApiClient) -> None:
    response = await api.get("/film/tt0068646", headers={"Host": 'evil"><script>'})
    assert "evil" not in response.body.decode()


async def test_the_page_is_not_in_the_contract(api: ApiClient) -> None:
    paths = (await api.get("/openapi.json")).json["paths"]
    assert not [path for path in paths if path.startswith(("/static", "/film")) or path == "/"]
