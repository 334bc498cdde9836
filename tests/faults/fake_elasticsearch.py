"""A server that speaks what the service uses of Elasticsearch's protocol, and refuses on request.

A real cluster refuses a single item of a bulk, or answers in part, only when it is in a trouble
that no test can put it into. What is kept here follows the rules that the service leans on:
external versions, one answer for each item. All else is tested against a real Elasticsearch.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Refusing = Callable[[str], tuple[int, str] | None]
"""Status and kind of error with which a document of this id is refused; none to take it."""


@dataclass
class Elasticsearch:
    """What the cluster holds, what reached it, and how it is to fail."""

    version: str = "9.2.0"
    index: str = "movies-1"
    documents: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    bulks: list[list[str]] = field(default_factory=list)
    """The ids of each bulk that came, also of those that were refused."""
    searches: list[dict[str, Any]] = field(default_factory=list)
    refuse: Refusing = lambda _: None
    refuses_all: tuple[int, str] | None = None
    """Status and kind of error with which everything is refused."""
    is_something_else: bool = False
    """Whether it does not say of itself that it is Elasticsearch."""
    busy: int = 0
    """How many of the next bulks are refused whole."""
    answers_in_part: bool = False
    blind: bool = False
    failed_shards: int = 0
    users: list[str] = field(default_factory=list)
    """Who each request said to be."""
    takes: float = 0.0
    """Seconds that a search takes."""
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._speaking])
        app.router.add_get("/", self._info)
        app.router.add_route("HEAD", "/{index}", self._exists)
        app.router.add_route("HEAD", "/_alias/{alias}", self._exists)
        app.router.add_get("/_alias/{alias}", self._alias, allow_head=False)
        app.router.add_post("/{index}/_count", self._count)
        app.router.add_put("/{index}/_bulk", self._bulk)
        app.router.add_post("/{index}/_search", self._search)
        return app

    @web.middleware
    async def _speaking(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """As every version speaks: an older one does not understand a newer client."""
        asked = f"{request.headers.get('Accept')} {request.headers.get('Content-Type')}"
        self.users.append(request.headers.get("Authorization", ""))
        major = int(self.version.split(".")[0])
        if any(f"compatible-with={n}" in asked for n in range(major + 1, major + 9)):
            kind, why = "media_type_header_exception", f"Invalid media-type value [{asked}]"
            response = _json({"error": {"type": kind, "reason": why}, "status": 400}, 400)
        elif self.refuses_all is not None:
            status, kind = self.refuses_all
            response = _json({"error": {"type": kind, "reason": kind}, "status": status}, status)
        else:
            response = await handler(request)
        if not self.is_something_else:
            response.headers["X-Elastic-Product"] = "Elasticsearch"
        return response

    async def _info(self, _: web.Request) -> web.Response:
        return _json({"version": {"number": self.version}, "tagline": "You Know, for Search"})

    async def _exists(self, _: web.Request) -> web.Response:
        return _json({})

    async def _alias(self, request: web.Request) -> web.Response:
        return _json({self.index: {"aliases": {request.match_info["alias"]: {}}}})

    async def _count(self, _: web.Request) -> web.Response:
        return _json({"count": len(self.documents), "_shards": _shards(0)})

    async def _bulk(self, request: web.Request) -> web.Response:
        lines = [json.loads(line) for line in (await request.read()).splitlines() if line]
        orders = [(line["index"], source) for line, source in zip(*[iter(lines)] * 2, strict=True)]
        self.bulks.append([order["_id"] for order, _ in orders])
        if self.busy:
            self.busy -= 1
            kind = "es_rejected_execution_exception"
            return _json({"error": {"type": kind, "reason": "full"}, "status": 429}, 429)
        items = [{"index": self._taken(order, source)} for order, source in orders]
        return _json({"errors": any("error" in item["index"] for item in items), "items": items})

    def _taken(self, order: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        film_id, version = order["_id"], order["version"]
        refused = self.refuse(film_id)
        held = self.documents.get(film_id)
        if refused is None and held and version < held[0]:
            refused = (409, "version_conflict_engine_exception")
        if refused is None:
            self.documents[film_id] = (version, source)
            return {"_id": film_id, "status": 200 if held else 201}
        status, kind = refused
        return {"_id": film_id, "status": status, "error": {"type": kind, "reason": "as told"}}

    async def _search(self, request: web.Request) -> web.Response:
        self.searches.append(await request.json())
        await asyncio.sleep(self.takes)
        found = {} if self.blind else self.documents
        alive = [(i, v, s) for i, (v, s) in found.items() if not s["gone"]]
        hits = [
            {"_score": 1.0, "fields": {"version": [v]}, "sort": [1.0, s["votes"], i]}
            for i, v, s in alive
        ]
        facets = {name: {"of": {"buckets": []}} for name in self.searches[-1].get("aggs", {})}
        return _json(
            {
                "timed_out": self.answers_in_part,
                "_shards": _shards(self.failed_shards),
                "hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": hits},
                "aggregations": facets,
            }
        )


def _shards(failed: int) -> dict[str, int]:
    return {"total": 1 + failed, "successful": 1, "skipped": 0, "failed": failed}


def _json(told: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(told, status=status)


@asynccontextmanager
async def running(cluster: Elasticsearch) -> AsyncIterator[Elasticsearch]:
    """The server on a free port of the loopback; `cluster.url` is its address."""
    runner = web.AppRunner(cluster.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    cluster.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield cluster
    finally:
        await runner.cleanup()
