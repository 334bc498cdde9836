"""The inventory of an Elasticsearch index: ids, versions and digests, read from doc values.

No point-in-time snapshot is kept open: pages go by id, ids never change, and the caller knows from
the outbox which films changed meanwhile.
"""

from typing import Any

from elasticsearch import AsyncElasticsearch, NotFoundError
from service.limits import INVENTORY_TIMEOUT
from service.search.engines.base import IndexEntry
from service.search.engines.elasticsearch.connection import ElasticsearchAddress, translate_errors
from service.search.engines.elasticsearch.writer import fingerprint


class ElasticsearchInventory:
    """The inventory of a cluster's indexes."""

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
                indexes = await self._get_client().indices.get_alias(name=self._address.alias)
            except NotFoundError:
                return None
        return self._address.local_name(min(indexes)) if indexes else None

    async def is_current_schema(self, name: str) -> bool:
        index = self._address.cluster_name(name)
        with translate_errors():
            mappings = await self._get_client().indices.get_mapping(index=index)
        meta: dict[str, Any] = mappings[index]["mappings"].get("_meta", {})
        return meta.get("fingerprint") == fingerprint()

    async def list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        return await self._read_entries(name, {"range": {"id": {"gt": after}}}, limit)

    async def get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        entries = await self._read_entries(name, {"term": {"id": film_id}}, 1)
        return entries[0] if entries else None

    async def _read_entries(
        self, name: str, query: dict[str, Any], limit: int
    ) -> tuple[IndexEntry, ...]:
        with translate_errors():
            response = await self._get_client().search(
                index=self._address.cluster_name(name),
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
            for hit in response["hits"]["hits"]
        )

    def _get_client(self) -> AsyncElasticsearch:
        if self._client is None:
            self._client = self._address.create_client(INVENTORY_TIMEOUT)
        return self._client
