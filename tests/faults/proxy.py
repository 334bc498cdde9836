"""Faults of a network: toxiproxy stands before a real part and is told what to do to it.

Each proxy has a free port of the loopback; `down` refuses connections and breaks those that are
open, and a toxic does something to the bytes that pass: `latency`, `timeout` (0 holds them back
until the toxic is taken away), `reset_peer`, `bandwidth`, `slicer`, `limit_data`.
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
    async def make(cls, api: str, before: str) -> "Proxy":
        """Return a proxy before the host and port of the address `before`."""
        there = urlsplit(before)
        name = f"{there.port}-{uuid.uuid4().hex[:8]}"
        told = {"name": name, "listen": "127.0.0.1:0", "upstream": there.netloc.split("@")[-1]}
        made = await _tell(api, "POST", "/proxies", told)
        return cls(api, name, int(made["listen"].rsplit(":", 1)[1]), told["upstream"])

    def before(self, address: str) -> str:
        """Return the same address by way of this proxy."""
        parts = urlsplit(address)
        user = f"{parts.username}:{parts.password}@" if parts.username else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    async def down(self) -> None:
        await self._change(enabled=False)

    async def up(self) -> None:
        await self._change(enabled=True)

    async def toxic(self, kind: str, *, upstream: bool = False, **attributes: int) -> str:
        """Add a toxic to what the part sends, or to what is sent to it; returns its name."""
        told = {
            "type": kind,
            "stream": "upstream" if upstream else "downstream",
            "attributes": attributes,
        }
        made = await _tell(self.api, "POST", f"/proxies/{self.name}/toxics", told)
        return str(made["name"])

    async def heal(self) -> None:
        """Up, and without any toxic."""
        for toxic in await _tell(self.api, "GET", f"/proxies/{self.name}/toxics"):
            await _tell(self.api, "DELETE", f"/proxies/{self.name}/toxics/{toxic['name']}")
        await self.up()

    async def remove(self) -> None:
        await _tell(self.api, "DELETE", f"/proxies/{self.name}")

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Down for as long as the block lasts."""
        await self.down()
        try:
            yield
        finally:
            await self.up()

    @asynccontextmanager
    async def poisoned(
        self, kind: str, *, upstream: bool = False, **attributes: int
    ) -> AsyncIterator[None]:
        """With a toxic for as long as the block lasts."""
        await self.toxic(kind, upstream=upstream, **attributes)
        try:
            yield
        finally:
            await self.heal()

    async def _change(self, **values: Any) -> None:
        listen = {"listen": f"127.0.0.1:{self.port}", "upstream": self.upstream}
        await _tell(self.api, "POST", f"/proxies/{self.name}", {**listen, **values})


async def _tell(api: str, method: str, path: str, body: object = None) -> Any:
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.request(method, api + path, json=body) as response,
    ):
        return await response.json(content_type=None)
