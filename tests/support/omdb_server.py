"""A fake OMDb server, faults included.

Tests and `movies fetch` run against it, so that neither needs a key or the network. It imitates
OMDb exactly where clients stumble: 200 for most errors, 401 for an exhausted quota, an error text
that breaks its own JSON, the nearest film if none has the title. It also runs as a program:
`python -m tests.support.omdb_server --port 8500`; faults are then set at `/_faults`.
"""

import argparse
import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from PIL import Image

KEY = "a-key-for-tests"
FILMS: list[dict[str, str]] = json.loads(
    Path(__file__).with_name("omdb_films.json").read_text("utf-8")
)
"""A few well-known films; the facts are curated, the plots are in our own words."""

EPISODES = {
    "tt0903747": (
        ("1", "Pilot", "2008-01-20", "1", "9.0", "tt0959621"),
        ("1", "Cat's in the Bag...", "2008-01-27", "2", "8.6", "tt1054724"),
        ("2", "Seven Thirty-Seven", "2009-03-08", "1", "8.6", "tt1232244"),
        ("3", "No Más", "2010-03-21", "1", "8.5", "tt1615186"),
        ("4", "Box Cutter", "2011-07-17", "1", "9.2", "tt1683084"),
        ("5", "Ozymandias", "2013-09-15", "14", "10.0", "tt2301451"),
        ("5", "Felina", "N/A", "16", "N/A", "tt2301455"),
    )
}
"""By series: season, title, day, number, rating and id; of the one in `FILMS` it knows more."""

UNKNOWN_FIELDS = dict.fromkeys(("DVD", "BoxOffice", "Production", "Website"), "N/A")
NOT_FOUND = {"series": "Series not found!", "episode": "Series or episode not found!"}
HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body>Please wait.</body></html>"
PAGE_SIZE = 10
HUGE_REPLY_BYTES = 2 * 1024 * 1024  # larger than any reply that a client accepts
HANG_SECONDS = 60.0  # longer than any client waits

STATUS_FAULTS = {f"status_{n}": n for n in (403, 429, 500, 503, 520, 521, 522, 523, 524)}
FAULTS = (
    *STATUS_FAULTS,
    *("html_200", "hang", "reset", "cut_short", "huge", "bad_gzip", "redirect", "echo", "quota"),
)
"""Names of faults; any other name is sent as the text of an error with status 200."""


@dataclass(slots=True)
class FakeOmdb:
    """The server's films, and how it shall fail.

    `fail` turns the next `times` replies into faults. `delay` is the seconds before each reply;
    `gate` holds replies back until it is set. `raw_reply` is sent verbatim in place of any film.
    """

    key: str = KEY
    quota: int = 1_000
    delay: float = 0.0
    gate: asyncio.Event | None = None
    raw_reply: bytes | None = None
    films: dict[str, dict[str, str]] = field(
        default_factory=lambda: {film["imdbID"]: dict(film) for film in FILMS}
    )
    calls: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _fault: str = ""
    _times: int = 0

    def fail(self, fault: str, times: int = 1_000_000) -> None:
        self._fault, self._times = fault, times

    def recover(self) -> None:
        self._times = 0

    def reply_with(self, **fields: object) -> None:
        """Send these fields as the reply to every request."""
        self.raw_reply = json.dumps(fields).encode()

    def create_app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._handle)
        app.router.add_get("/posters/{name}", self._serve_poster)
        app.router.add_get("/_calls", self._serve_calls)
        app.router.add_put("/_faults", self._set_fault)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        params = {name.lower(): value for name, value in request.query.items()}
        self.calls.append(params)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.gate is not None:
            await self.gate.wait()
        if self._times > 0:
            self._times -= 1
            return await self._reply_fault(request, self._fault)
        if params.get("apikey") != self.key:
            message = "Invalid API key!" if params.get("apikey") else "No API key provided."
            return _error_response(message, 401)
        if len(self.calls) > self.quota:
            return _error_response("Request limit reached!", 401)
        if self.raw_reply is not None:
            return web.Response(body=self.raw_reply, content_type="application/json")
        return self._reply(params, f"{request.scheme}://{request.host}")

    def _reply(self, params: Mapping[str, str], base: str) -> web.Response:
        year = params.get("y", "")
        if year and not year.isdecimal():
            return _unescaped_error_response(
                f"Conversion from string \"{year}\" to type 'Double' is not valid."
            )
        if "season" in params:
            return self._reply_season(params)
        if "i" in params:
            film = self.films.get(params["i"])
            return _film_response(film, base) if film else _error_response("Incorrect IMDb ID.")
        if "t" in params:
            if not params["t"].strip():
                return _error_response("Something went wrong.")
            films = self._find(params["t"], year, params.get("type", ""))
            message = NOT_FOUND.get(params.get("type", ""), "Movie not found!")
            return _film_response(films[0], base) if films else _error_response(message)
        if "s" in params:
            return self._reply_search(params, year, base)
        return _error_response("Incorrect IMDb ID.")

    def _reply_season(self, params: Mapping[str, str]) -> web.Response:
        series, season = self.films.get(params.get("i", "")), params["season"]
        names = ("Title", "Released", "Episode", "imdbRating", "imdbID")
        episodes = [
            dict(zip(names, episode, strict=True))
            for number, *episode in EPISODES.get(params.get("i", ""), ())
            if number == season
        ]
        if series is None or not episodes:
            return _error_response("Series or season not found!")
        reply = {"Title": series["Title"], "Season": season, "Response": "True"}
        total = series.get("totalSeasons", "N/A")
        return web.json_response({**reply, "totalSeasons": total, "Episodes": episodes})

    def _reply_search(self, params: Mapping[str, str], year: str, base: str) -> web.Response:
        words = params["s"].strip()
        if len(words) < 3:
            return _error_response("Too many results." if words else "Something went wrong.")
        films = self._find(words, year, params.get("type", ""))
        start = (int(params.get("page", "1")) - 1) * PAGE_SIZE
        page = [complete_film(film, base) for film in films[start : start + PAGE_SIZE]]
        if not page:
            return _error_response("Movie not found!")
        entries = [{k: f[k] for k in ("Title", "Year", "imdbID", "Type", "Poster")} for f in page]
        reply = {"Search": entries, "totalResults": str(len(films)), "Response": "True"}
        return web.json_response(reply)

    def _find(self, title: str, year: str, film_type: str) -> list[dict[str, str]]:
        """Return films whose title contains this text, those of exactly this title first."""
        text = " ".join(title.casefold().split())
        films = [
            film
            for film in self.films.values()
            if text in film["Title"].casefold()
            and film["Year"].startswith(year)
            and film_type in ("", film.get("Type", "movie"))
        ]
        return sorted(films, key=lambda film: film["Title"].casefold() != text)

    async def _reply_fault(self, request: web.Request, fault: str) -> web.StreamResponse:
        if fault in STATUS_FAULTS:
            status = STATUS_FAULTS[fault]
            headers = {"Retry-After": "7"} if status == 429 else {}
            return web.Response(text=HTML, content_type="text/html", status=status, headers=headers)
        if fault == "html_200":
            return web.Response(text=HTML, content_type="text/html")
        if fault == "quota":
            return _error_response("Request limit reached!", 401)
        if fault == "hang":
            await asyncio.sleep(HANG_SECONDS)
        if fault in ("reset", "hang"):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault == "bad_gzip":
            return web.Response(body=b"{}", headers={"Content-Encoding": "gzip"})
        if fault == "redirect":
            raise web.HTTPFound(f"/elsewhere?{request.query_string}")
        if fault == "echo":
            return web.Response(text=f"cannot read {request.url}", status=500)
        if fault in ("cut_short", "huge"):
            return await _send_damaged_reply(request, fault)
        return _unescaped_error_response(fault)

    async def _serve_poster(self, request: web.Request) -> web.Response:
        """Send an image of a colour that is the film's own."""
        name = request.match_info["name"].removesuffix(".jpg")
        if name not in self.films:
            raise web.HTTPNotFound
        number = int(name[2:])
        colour = (number % 256, number // 256 % 256, number // 65_536 % 256)
        file = io.BytesIO()
        Image.new("RGB", (600, 890), colour).save(file, "JPEG")
        return web.Response(body=file.getvalue(), content_type="image/jpeg")

    async def _serve_calls(self, request: web.Request) -> web.Response:
        return web.json_response(self.calls)

    async def _set_fault(self, request: web.Request) -> web.Response:
        settings = await request.json()
        self.fail(settings["fault"], settings.get("times", 1_000_000))
        return web.Response(status=204)


def complete_film(film: Mapping[str, str], base: str) -> dict[str, object]:
    """Return the film with all of OMDb's fields."""
    unknown = {} if film.get("Type") == "episode" else UNKNOWN_FIELDS
    reply: dict[str, object] = {**unknown, "Type": "movie", "Response": "True"}
    reply["Poster"] = f"{base}/posters/{film['imdbID']}.jpg"
    reply |= {name: value for name, value in film.items() if name != "Tomatoes"}
    ratings = [
        {"Source": "Internet Movie Database", "Value": f"{film['imdbRating']}/10"},
        {"Source": "Rotten Tomatoes", "Value": film.get("Tomatoes", "")},
        {"Source": "Metacritic", "Value": f"{film['Metascore']}/100"},
    ]
    reply["Ratings"] = [r for r in ratings if r["Value"] not in ("", "N/A/10", "N/A/100")]
    return reply


def _film_response(film: Mapping[str, str], base: str) -> web.Response:
    return web.json_response(complete_film(film, base))


def _error_response(message: str, status: int = 200) -> web.Response:
    return web.json_response({"Response": "False", "Error": message}, status=status)


def _unescaped_error_response(message: str) -> web.Response:
    """Return the error as OMDb writes it: pasted between quotes without escapes."""
    text = f'{{"Response":"False","Error":"{message}"}}'
    return web.Response(text=text, content_type="application/json")


async def _send_damaged_reply(request: web.Request, fault: str) -> web.StreamResponse:
    film = json.dumps(complete_film(FILMS[0], "")).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    if fault == "cut_short":
        response.content_length = len(film)
    await response.prepare(request)
    if fault == "cut_short":
        await response.write(film[: len(film) // 2])
        assert request.transport is not None
        request.transport.close()
        return response
    with_blanks = film[:-1] + b" " * HUGE_REPLY_BYTES + b"}"
    await response.write(with_blanks)
    return response


@asynccontextmanager
async def run_omdb_server(
    omdb: FakeOmdb, port: int = 0, host: str = "127.0.0.1", name: str = "127.0.0.1"
) -> AsyncIterator[FakeOmdb]:
    """Run the server on `port` of `host`, or on a free port; `omdb.url` has `name` as its host."""
    runner = web.AppRunner(omdb.create_app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    omdb.url = f"http://{name}:{runner.addresses[0][1]}/"
    try:
        yield omdb
    finally:
        await runner.cleanup()


async def _serve(omdb: FakeOmdb, port: int, host: str, name: str) -> None:
    async with run_omdb_server(omdb, port, host, name):
        print(f"{omdb.url}?apikey={omdb.key}&t=the+matrix", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--quota", type=int, default=1_000)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--name", default="127.0.0.1", help="the host name in posters' addresses")
    options = parser.parse_args()
    omdb = FakeOmdb(key=options.key, quota=options.quota)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(omdb, options.port, options.host, options.name))
