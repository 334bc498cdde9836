"""A poster host with the faults of real ones: errors, redirects, slow and endless bodies."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class PosterHost:
    """A running host; `requests` are those that reached it, newest last.

    `before_reply` is called once, before the next reply.
    """

    port: int = 0
    images: dict[str, bytes] = field(default_factory=dict)
    requests: list[web.BaseRequest] = field(default_factory=list)
    is_down: bool = False
    before_reply: Callable[[], Awaitable[object]] | None = None

    @property
    def host_and_port(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host_and_port}{path}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        if self.before_reply is not None:
            callback, self.before_reply = self.before_reply, None
            await callback()
        if self.is_down:
            return web.Response(status=503)
        kind, _, rest = request.path.strip("/").partition("/")
        match kind:
            case "picture" if rest in self.images:
                return web.Response(body=self.images[rest], content_type="text/plain")
            case "status":
                headers = {"Retry-After": "120"} if rest in ("429", "503") else {}
                return web.Response(status=int(rest), body=b"no", headers=headers)
            case "to":
                return web.Response(status=302, headers={"Location": request.query["at"]})
            case "round":
                return web.Response(status=301, headers={"Location": f"/round/{int(rest) + 1}"})
            case "steps":
                remaining = int(rest)
                target = f"/steps/{remaining - 1}" if remaining else "/picture/good"
                return web.Response(status=307, headers={"Location": target})
            case "nowhere":
                return web.Response(status=302)
            case "huge":
                return web.Response(body=bytes(int(rest)))
            case "packed":
                packed = gzip.compress(bytes(int(rest)), mtime=0)
                return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
            case "broken":
                return web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"})
            case "endless" | "drip":
                return await self._stream_forever(
                    request, b"x" * (65536 if kind == "endless" else 1)
                )
            case "cut":
                return await self._abort(request)
        return web.Response(status=404)

    async def _stream_forever(self, request: web.BaseRequest, chunk: bytes) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(chunk)
                await asyncio.sleep(0 if len(chunk) > 1 else 0.05)
        except ConnectionError:
            return response

    async def _abort(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x" * 100)
        assert request.transport is not None
        request.transport.abort()
        return response


@asynccontextmanager
async def run_poster_host() -> AsyncIterator[PosterHost]:
    """Run a host on a free port of this machine."""
    host = PosterHost()
    runner = web.ServerRunner(web.Server(host.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host.port = runner.addresses[0][1]
    try:
        yield host
    finally:
        await runner.cleanup()
