"""Network faults: toxiproxy stands before a real part.

Each proxy has a free loopback port. `down` refuses connections and breaks open ones. A toxic
changes the traffic: `latency`, `timeout` (0 holds bytes back until the toxic is removed),
`reset_peer`, `bandwidth`, `slicer`, `limit_data`.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp


@dataclass(frozen=True)
class Proxy:
    """One proxy of the toxiproxy that answers at `api`, before `upstream`."""

    api: str
    name: str
    port: int
    upstream: str

    @classmethod
    async def create(cls, api: str, address: str) -> "Proxy":
        """Create a proxy before the host and port of an address."""
        url = urlsplit(address)
        name = f"{url.port}-{uuid.uuid4().hex[:8]}"
        body = {"name": name, "listen": "127.0.0.1:0", "upstream": url.netloc.split("@")[-1]}
        reply = await _call_api(api, "POST", "/proxies", body)
        return cls(api, name, int(reply["listen"].rsplit(":", 1)[1]), body["upstream"])

    def rewrite(self, address: str) -> str:
        """Return the same address with the host and port of this proxy."""
        parts = urlsplit(address)
        user = f"{parts.username}:{parts.password}@" if parts.username else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    async def down(self) -> None:
        await self._update(enabled=False)

    async def up(self) -> None:
        await self._update(enabled=True)

    async def add_toxic(self, kind: str, *, upstream: bool = False, **attributes: int) -> str:
        """Add a toxic to the part's responses, or with `upstream` to requests; return its name."""
        body = {
            "type": kind,
            "stream": "upstream" if upstream else "downstream",
            "attributes": attributes,
        }
        reply = await _call_api(self.api, "POST", f"/proxies/{self.name}/toxics", body)
        return str(reply["name"])

    async def heal(self) -> None:
        """Enable the proxy and remove all toxics."""
        for toxic in await _call_api(self.api, "GET", f"/proxies/{self.name}/toxics"):
            await _call_api(self.api, "DELETE", f"/proxies/{self.name}/toxics/{toxic['name']}")
        await self.up()

    async def remove(self) -> None:
        await _call_api(self.api, "DELETE", f"/proxies/{self.name}")

    @asynccontextmanager
    async def disabled(self) -> AsyncIterator[None]:
        """Disable the proxy while the block lasts."""
        await self.down()
        try:
            yield
        finally:
            await self.up()

    @asynccontextmanager
    async def with_toxic(
        self, kind: str, *, upstream: bool = False, **attributes: int
    ) -> AsyncIterator[None]:
        """Add a toxic while the block lasts."""
        await self.add_toxic(kind, upstream=upstream, **attributes)
        try:
            yield
        finally:
            await self.heal()

    async def _update(self, **values: Any) -> None:
        listen = {"listen": f"127.0.0.1:{self.port}", "upstream": self.upstream}
        await _call_api(self.api, "POST", f"/proxies/{self.name}", {**listen, **values})


async def _call_api(api: str, method: str, path: str, body: object = None) -> Any:
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.request(method, api + path, json=body) as response,
    ):
        return await response.json(content_type=None)
