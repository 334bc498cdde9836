"""A poster host that does whatever hosts do: answers, refuses, redirects, drips, never ends."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Host:
    """A running host; `seen` are the requests that reached it, newest last.

    `meanwhile` happens once, before the next answer.
    """

    port: int = 0
    pictures: dict[str, bytes] = field(default_factory=dict)
    seen: list[web.BaseRequest] = field(default_factory=list)
    down: bool = False
    meanwhile: Callable[[], Awaitable[object]] | None = None

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.pair}{path}"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        if self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        if self.down:
            return web.Response(status=503)
        kind, _, rest = request.path.strip("/").partition("/")
        match kind:
            case "picture" if rest in self.pictures:
                return web.Response(body=self.pictures[rest], content_type="text/plain")
            case "status":
                headers = {"Retry-After": "120"} if rest in ("429", "503") else {}
                return web.Response(status=int(rest), body=b"no", headers=headers)
            case "to":
                return web.Response(status=302, headers={"Location": request.query["at"]})
            case "round":
                return web.Response(status=301, headers={"Location": f"/round/{int(rest) + 1}"})
            case "steps":
                left = int(rest)
                after = f"/steps/{left - 1}" if left else "/picture/good"
                return web.Response(status=307, headers={"Location": after})
            case "nowhere":
                return web.Response(status=302)
            case "huge":
                return web.Response(body=bytes(int(rest)))
            case "packed":
                packed = gzip.compress(bytes(int(rest)))
                return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
            case "broken":
                return web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"})
            case "endless" | "drip":
                return await self._go_on(request, b"x" * (65536 if kind == "endless" else 1))
            case "cut":
                return await self._break_off(request)
        return web.Response(status=404)

    async def _go_on(self, request: web.BaseRequest, piece: bytes) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(piece)
                await asyncio.sleep(0 if len(piece) > 1 else 0.05)
        except ConnectionError:
            return response

    async def _break_off(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x" * 100)
        assert request.transport is not None
        request.transport.abort()
        return response


@asynccontextmanager
async def running_host() -> AsyncIterator[Host]:
    """A host on a free port of this machine."""
    host = Host()
    runner = web.ServerRunner(web.Server(host.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host.port = runner.addresses[0][1]
    try:
        yield host
    finally:
        await runner.cleanup()
