"""A fake Elasticsearch: the part of the protocol that the service uses, with failures on demand.

A real cluster rejects a single item of a bulk, or returns partial results, only in trouble that no
test can cause. The fake keeps the rules that the service relies on: external versions, and one
result for each item. Everything else is tested against a real Elasticsearch.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Rejection = tuple[int, str]
"""HTTP status and error type."""


def accept_all(_film_id: str) -> Rejection | None:
    return None


@dataclass
class FakeElasticsearch:
    """What the cluster holds, which requests reached it, and how it fails."""

    version: str = "9.2.0"
    index: str = "movies-1"
    documents: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Version and source, by film id."""
    bulks: list[list[str]] = field(default_factory=list)
    """The film ids of each bulk that arrived, rejected ones included."""
    searches: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    """The `Authorization` header of each request."""
    reject_item: Callable[[str], Rejection | None] = accept_all
    """Decides for a film id whether its item in a bulk is rejected."""
    reject_all: Rejection | None = None
    """If set, every request is rejected."""
    rejected_bulks: int = 0
    """How many of the next bulks are rejected as a whole."""
    is_another_product: bool = False
    """Whether responses lack the header that identifies Elasticsearch."""
    times_out: bool = False
    """Whether searches return partial results."""
    finds_nothing: bool = False
    failed_shards: int = 0
    url: str = ""

    def build_app(self) -> web.Application:
        app = web.Application(middlewares=[self._check_request])
        app.router.add_get("/", self._info)
        app.router.add_route("HEAD", "/{index}", self._exists)
        app.router.add_route("HEAD", "/_alias/{alias}", self._exists)
        app.router.add_get("/_alias/{alias}", self._alias, allow_head=False)
        app.router.add_post("/{index}/_count", self._count)
        app.router.add_put("/{index}/_bulk", self._bulk)
        app.router.add_post("/{index}/_search", self._search)
        return app

    @web.middleware
    async def _check_request(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Reject what the real server would: a client of a newer major version."""
        media_types = f"{request.headers.get('Accept')} {request.headers.get('Content-Type')}"
        self.authorizations.append(request.headers.get("Authorization", ""))
        major = int(self.version.split(".")[0])
        if any(f"compatible-with={n}" in media_types for n in range(major + 1, major + 9)):
            reason = f"Invalid media-type value [{media_types}]"
            response = _error(400, "media_type_header_exception", reason)
        elif self.reject_all is not None:
            response = _error(*self.reject_all)
        else:
            response = await handler(request)
        if not self.is_another_product:
            response.headers["X-Elastic-Product"] = "Elasticsearch"
        return response

    async def _info(self, _: web.Request) -> web.Response:
        number = {"number": self.version}
        return web.json_response({"version": number, "tagline": "You Know, for Search"})

    async def _exists(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _alias(self, request: web.Request) -> web.Response:
        aliases = {request.match_info["alias"]: {}}
        return web.json_response({self.index: {"aliases": aliases}})

    async def _count(self, _: web.Request) -> web.Response:
        return web.json_response({"count": len(self.documents), "_shards": _shards(0)})

    async def _bulk(self, request: web.Request) -> web.Response:
        lines = [json.loads(line) for line in (await request.read()).splitlines() if line]
        operations = [
            (line["index"], source) for line, source in zip(*[iter(lines)] * 2, strict=True)
        ]
        self.bulks.append([action["_id"] for action, _ in operations])
        if self.rejected_bulks:
            self.rejected_bulks -= 1
            return _error(429, "es_rejected_execution_exception", "full")
        items = [{"index": self._write(action, source)} for action, source in operations]
        has_errors = any("error" in item["index"] for item in items)
        return web.json_response({"errors": has_errors, "items": items})

    def _write(self, action: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        film_id, version = action["_id"], action["version"]
        rejection = self.reject_item(film_id)
        present = self.documents.get(film_id)
        if rejection is None and present and version < present[0]:
            rejection = (409, "version_conflict_engine_exception")
        if rejection is None:
            self.documents[film_id] = (version, source)
            return {"_id": film_id, "status": 200 if present else 201}
        status, error_type = rejection
        error = {"type": error_type, "reason": "as configured"}
        return {"_id": film_id, "status": status, "error": error}

    async def _search(self, request: web.Request) -> web.Response:
        self.searches.append(await request.json())
        documents = {} if self.finds_nothing else self.documents
        hits = [
            {"_score": 1.0, "fields": {"version": [v]}, "sort": [1.0, source["votes"], film_id]}
            for film_id, (v, source) in documents.items()
            if not source["gone"]
        ]
        facets = {name: {"of": {"buckets": []}} for name in self.searches[-1].get("aggs", {})}
        return web.json_response(
            {
                "timed_out": self.times_out,
                "_shards": _shards(self.failed_shards),
                "hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": hits},
                "aggregations": facets,
            }
        )


def _shards(failed: int) -> dict[str, int]:
    return {"total": 1 + failed, "successful": 1, "skipped": 0, "failed": failed}


def _error(status: int, error_type: str, reason: str | None = None) -> web.Response:
    error = {"type": error_type, "reason": reason or error_type}
    return web.json_response({"error": error, "status": status}, status=status)


@asynccontextmanager
async def run_fake_elasticsearch(cluster: FakeElasticsearch) -> AsyncIterator[FakeElasticsearch]:
    """Serve the fake on a free port of the loopback interface, and set its `url`."""
    runner = web.AppRunner(cluster.build_app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    cluster.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield cluster
    finally:
        await runner.cleanup()
