"""A small server that speaks OMDb's contract, faults included.

Tests and `movies fetch` run against it, so that neither needs a key or the network. It answers as
OMDb does, to the letter where that hurts: 200 for most errors, 401 for a spent quota, an error
text that breaks its own JSON, the nearest film where there is none of the title. It runs alone,
too: `python -m tests.support.omdb_server --port 8500`; faults are then set at `/_faults`.
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
"""A few well-known films, written by hand as facts; the plots are our own words."""

UNKNOWN = dict.fromkeys(("DVD", "BoxOffice", "Production", "Website"), "N/A")
NOT_FOUND = {"series": "Series not found!", "episode": "Series or episode not found!"}
HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body>Please wait.</body></html>"
PER_PAGE = 10
HUGE = 2 * 1024 * 1024  # bytes of an answer that has no end in sight
HANG = 60.0  # seconds; longer than anybody waits

STATUS_FAULTS = {f"status_{n}": n for n in (403, 429, 500, 503, 520, 521, 522, 523, 524)}
FAULTS = (
    *STATUS_FAULTS,
    *("html_200", "hang", "reset", "cut_short", "huge", "bad_gzip", "redirect", "echo", "quota"),
)
"""Names of faults; any other name is the text of an error that is answered with 200."""


@dataclass(slots=True)
class Omdb:
    """What the server knows, and how it is to fail.

    `fail` makes the next `times` answers faults. `pause` is how long an answer takes, in seconds;
    `hold` keeps answers back until it is set. `answer` is sent, as it is, in place of any film.
    """

    key: str = KEY
    quota: int = 1_000
    pause: float = 0.0
    hold: asyncio.Event | None = None
    answer: bytes | None = None
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

    def says(self, **fields: object) -> None:
        """Answer everything with these fields."""
        self.answer = json.dumps(fields).encode()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._asked)
        app.router.add_get("/posters/{name}", self._poster)
        app.router.add_get("/_calls", self._show_calls)
        app.router.add_put("/_faults", self._set_fault)
        return app

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        asked = {name.lower(): value for name, value in request.query.items()}
        self.calls.append(asked)
        if self.pause:
            await asyncio.sleep(self.pause)
        if self.hold is not None:
            await self.hold.wait()
        if self._times > 0:
            self._times -= 1
            return await self._failed(request, self._fault)
        if asked.get("apikey") != self.key:
            given = "Invalid API key!" if asked.get("apikey") else "No API key provided."
            return _error(given, 401)
        if len(self.calls) > self.quota:
            return _error("Request limit reached!", 401)
        if self.answer is not None:
            return web.Response(body=self.answer, content_type="application/json")
        return self._answered(asked, f"{request.scheme}://{request.host}")

    def _answered(self, asked: Mapping[str, str], base: str) -> web.Response:
        year = asked.get("y", "")
        if year and not year.isdecimal():
            return _pasted_error(
                f"Conversion from string \"{year}\" to type 'Double' is not valid."
            )
        if "i" in asked:
            found = self.films.get(asked["i"])
            return _film(found, base) if found else _error("Incorrect IMDb ID.")
        if "t" in asked:
            if not asked["t"].strip():
                return _error("Something went wrong.")
            near = self._near(asked["t"], year, asked.get("type", ""))
            missing = NOT_FOUND.get(asked.get("type", ""), "Movie not found!")
            return _film(near[0], base) if near else _error(missing)
        if "s" in asked:
            return self._listed(asked, year, base)
        return _error("Incorrect IMDb ID.")

    def _listed(self, asked: Mapping[str, str], year: str, base: str) -> web.Response:
        words = asked["s"].strip()
        if len(words) < 3:
            return _error("Too many results." if words else "Something went wrong.")
        near = self._near(words, year, asked.get("type", ""))
        start = (int(asked.get("page", "1")) - 1) * PER_PAGE
        page = [whole_film(film, base) for film in near[start : start + PER_PAGE]]
        if not page:
            return _error("Movie not found!")
        short = [{k: f[k] for k in ("Title", "Year", "imdbID", "Type", "Poster")} for f in page]
        told = {"Search": short, "totalResults": str(len(near)), "Response": "True"}
        return web.json_response(told)

    def _near(self, title: str, year: str, kind: str) -> list[dict[str, str]]:
        """Films whose title has these words, those of exactly this title first."""
        wanted = " ".join(title.casefold().split())
        near = [
            film
            for film in self.films.values()
            if wanted in film["Title"].casefold()
            and film["Year"].startswith(year)
            and kind in ("", film.get("Type", "movie"))
        ]
        return sorted(near, key=lambda film: film["Title"].casefold() != wanted)

    async def _failed(self, request: web.Request, fault: str) -> web.StreamResponse:
        if fault in STATUS_FAULTS:
            status = STATUS_FAULTS[fault]
            headers = {"Retry-After": "7"} if status == 429 else {}
            return web.Response(text=HTML, content_type="text/html", status=status, headers=headers)
        if fault == "html_200":
            return web.Response(text=HTML, content_type="text/html")
        if fault == "quota":
            return _error("Request limit reached!", 401)
        if fault == "hang":
            await asyncio.sleep(HANG)
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
            return await _unsound(request, fault)
        return _pasted_error(fault)

    async def _poster(self, request: web.Request) -> web.Response:
        """A picture of its own colour for every film."""
        name = request.match_info["name"].removesuffix(".jpg")
        if name not in self.films:
            raise web.HTTPNotFound
        number = int(name[2:])
        colour = (number % 256, number // 256 % 256, number // 65_536 % 256)
        picture = io.BytesIO()
        Image.new("RGB", (600, 890), colour).save(picture, "JPEG")
        return web.Response(body=picture.getvalue(), content_type="image/jpeg")

    async def _show_calls(self, request: web.Request) -> web.Response:
        return web.json_response(self.calls)

    async def _set_fault(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.fail(told["fault"], told.get("times", 1_000_000))
        return web.Response(status=204)


def whole_film(film: Mapping[str, str], base: str) -> dict[str, object]:
    """The film with all of OMDb's fields."""
    told: dict[str, object] = {**UNKNOWN, "Type": "movie", "Response": "True"}
    told["Poster"] = f"{base}/posters/{film['imdbID']}.jpg"
    told |= {name: value for name, value in film.items() if name != "Tomatoes"}
    ratings = [
        {"Source": "Internet Movie Database", "Value": f"{film['imdbRating']}/10"},
        {"Source": "Rotten Tomatoes", "Value": film.get("Tomatoes", "")},
        {"Source": "Metacritic", "Value": f"{film['Metascore']}/100"},
    ]
    told["Ratings"] = [r for r in ratings if r["Value"] not in ("", "N/A/10", "N/A/100")]
    return told


def _film(film: Mapping[str, str], base: str) -> web.Response:
    return web.json_response(whole_film(film, base))


def _error(message: str, status: int = 200) -> web.Response:
    return web.json_response({"Response": "False", "Error": message}, status=status)


def _pasted_error(message: str) -> web.Response:
    """The error as OMDb writes it: pasted between quotes, whatever is in it."""
    text = f'{{"Response":"False","Error":"{message}"}}'
    return web.Response(text=text, content_type="application/json")


async def _unsound(request: web.Request, fault: str) -> web.StreamResponse:
    film = json.dumps(whole_film(FILMS[0], "")).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    if fault == "cut_short":
        response.content_length = len(film)
    await response.prepare(request)
    if fault == "cut_short":
        await response.write(film[: len(film) // 2])
        assert request.transport is not None
        request.transport.close()
        return response
    with_blanks = film[:-1] + b" " * HUGE + b"}"
    await response.write(with_blanks)
    return response


@asynccontextmanager
async def running(omdb: Omdb, port: int = 0) -> AsyncIterator[Omdb]:
    """The server on a free port of the loopback, or on `port`; `omdb.url` is its address."""
    runner = web.AppRunner(omdb.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    omdb.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield omdb
    finally:
        await runner.cleanup()


async def _serve(omdb: Omdb, port: int) -> None:
    async with running(omdb, port):
        print(f"{omdb.url}?apikey={omdb.key}&t=the+matrix", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--port", type=int, default=8500)
    options.add_argument("--key", default=KEY)
    options.add_argument("--quota", type=int, default=1_000)
    given = options.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Omdb(key=given.key, quota=given.quota), given.port))
