"""Reading an Elasticsearch index document by document: ids, versions and digests from columns.

No snapshot is held open: pages go by id, ids never change, and what changes meanwhile is known to
the caller from the outbox.
"""

from typing import Any

from elasticsearch import AsyncElasticsearch, NotFoundError
from service.limits import INVENTORY_TIMEOUT as DEADLINE
from service.search.engines.base import IndexEntry
from service.search.engines.elasticsearch.connection import ElasticsearchAddress, translate_errors
from service.search.engines.elasticsearch.writer import fingerprint


class ElasticsearchInventory:
    """The inventory of a cluster."""

    def __init__(self, address: ElasticsearchAddress) -> None:
        self._address = address
        self._client: AsyncElasticsearch | None = None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def live_index(self) -> str | None:
        with translate_errors():
            try:
                found = sorted(await self._ready().indices.get_alias(name=self._address.alias))
            except NotFoundError:
                return None
        return self._address.short(found[0]) if found else None

    async def is_current_schema(self, name: str) -> bool:
        index = self._address.real(name)
        with translate_errors():
            found = await self._ready().indices.get_mapping(index=index)
        held: dict[str, Any] = found[index]["mappings"].get("_meta", {})
        return held.get("fingerprint") == fingerprint()

    async def list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        return await self._held(name, {"range": {"id": {"gt": after}}}, limit)

    async def get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        found = await self._held(name, {"term": {"id": film_id}}, 1)
        return found[0] if found else None

    async def _held(self, name: str, query: dict[str, Any], limit: int) -> tuple[IndexEntry, ...]:
        with translate_errors():
            answer = await self._ready().search(
                index=self._address.real(name),
                query=query,
                sort=[{"id": "asc"}],
                size=limit,
                source=False,
                version=True,
                docvalue_fields=[{"field": "digest"}, {"field": "gone"}],
                track_total_hits=False,
                allow_partial_search_results=False,
            )
        return tuple(
            IndexEntry(
                hit["_id"],
                hit["_version"],
                hit["fields"]["digest"][0],
                hit["fields"]["gone"][0],
            )
            for hit in answer["hits"]["hits"]
        )

    def _ready(self) -> AsyncElasticsearch:
        if self._client is None:
            self._client = self._address.client(DEADLINE)
        return self._client
