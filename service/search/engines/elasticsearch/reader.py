"""Searches in Elasticsearch, through the alias of the live index.

The client's own retries are off: a search must be answered within a second, and retrying against a
cluster in trouble keeps it in trouble.
"""

from collections.abc import Sequence
from typing import Any

from elasticsearch import AsyncElasticsearch
from service.errors import Unavailable
from service.search.criteria import sorting
from service.search.criteria.facets import FacetCounts, order_counts
from service.search.criteria.filters import NO_FILTERS, Facet, Filters
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Hit, Hits, IndexOutdated
from service.search.engines.elasticsearch.connection import (
    ElasticsearchAddress,
    check_version,
    translate_errors,
)
from service.search.engines.elasticsearch.mapping_check import MAPPING_MAX_AGE, LiveMapping
from service.search.engines.elasticsearch.queries import (
    FACET_AGGREGATIONS,
    build_filter_query,
    build_query,
    build_sort,
    required_fields,
)
from service.search.query.plan import Plan

MAX_EXACT_TOTAL = 10_000  # hits; larger totals are lower bounds


class ElasticsearchEngine:
    """The engine for one machine or many."""

    def __init__(
        self, address: ElasticsearchAddress, mapping_max_age: float = MAPPING_MAX_AGE
    ) -> None:
        self._address = address
        self._client: AsyncElasticsearch | None = None
        self._open_error: Unavailable | None = None
        self._mapping = LiveMapping(address.alias, mapping_max_age)

    async def open(self) -> None:
        if self._client is None:
            try:
                self._client = self._address.create_client(self._address.timeout)
            except Unavailable as error:  # each search raises it; the rest of the service runs
                self._open_error = error

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def refresh(self, generation: int) -> None:
        """Do nothing: the writer's refresh shows documents to every search."""

    async def search(
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        *,
        filters: Filters = NO_FILTERS,
        sort: Sort = "relevance",
        after: SortKey | None = None,
    ) -> Hits:
        if plan is not None and plan.matches_nothing:
            return Hits((), 0)
        await self._require_fields(required_fields(plan, filters))
        column = sorting.sort_column(sort, plan is not None)
        response = await self._search(
            query=build_query(plan, filters, scored=column is None),
            size=limit,
            sort=build_sort(column),
            docvalue_fields=["version"],
            track_total_hits=MAX_EXACT_TOTAL,
            **({"search_after": list(after)} if after else {"from_": offset}),
        )
        hits = tuple(map(_parse_hit, response["hits"]["hits"]))
        total = response["hits"]["total"]
        partial = bool(response["timed_out"])
        if partial and not hits:  # an empty result would claim that nothing matches
            raise Unavailable(
                "The search takes too long at the moment.",
                code="search_unavailable",
                retry_after=1,
            )
        is_exact = total["relation"] == "eq" and not partial
        return Hits(hits, total["value"], "eq" if is_exact else "gte", partial)

    async def count(
        self, plan: Plan | None, filters: Filters, facets: Sequence[Facet]
    ) -> FacetCounts:
        if plan is not None and plan.matches_nothing:
            return dict.fromkeys(facets, ())
        await self._require_fields(required_fields(plan, filters, facets))
        aggregations = {
            facet: {
                "filter": build_filter_query(filters.without_facet(facet)),
                "aggs": {"of": FACET_AGGREGATIONS[facet]},
            }
            for facet in facets
        }
        query = build_query(plan, NO_FILTERS, scored=False)
        response = await self._search(
            query=query, size=0, aggs=aggregations, track_total_hits=False
        )
        if response["timed_out"]:
            raise Unavailable(
                "Counting takes too long at the moment.",
                code="search_unavailable",
                retry_after=1,
            )
        counts: FacetCounts = {}
        for facet in facets:
            buckets = response["aggregations"][facet]["of"]["buckets"]
            counts[facet] = order_counts(facet, map(_parse_bucket, buckets))
        return counts

    async def check(self) -> str:
        client, alias = self._get_client(), self._address.alias
        with translate_errors():
            number = await check_version(client)
            if not await client.indices.exists_alias(name=alias):
                raise Unavailable(
                    f"There is no live search index: no index has the alias {alias}. If the "
                    "indexer is running, run `movies reindex`.",
                    code="search_unavailable",
                )
            count = (await client.count(index=alias))["count"]
        return f"Elasticsearch {number}, index {alias}: {count} documents"

    async def _require_fields(self, names: frozenset[str]) -> None:
        """Raise `IndexOutdated` if the live index lacks one of these fields."""
        with translate_errors():
            has_fields = await self._mapping.has_fields(self._get_client(), names)
        if not has_fields:
            raise IndexOutdated

    async def _search(self, **options: Any) -> Any:
        with translate_errors():
            response = await self._get_client().search(
                index=self._address.alias,
                source=False,
                stored_fields="_none_",  # ids and versions are doc values, which load faster
                timeout=f"{int(self._address.timeout * 1000)}ms",
                **options,
            )
        if response["_shards"]["failed"]:
            raise Unavailable(
                "A part of the search index does not answer.",
                code="search_unavailable",
                retry_after=1,
            )
        return response

    def _get_client(self) -> AsyncElasticsearch:
        if self._client is None:
            raise self._open_error or Unavailable(
                "The search engine is not open.", code="search_unavailable"
            )
        return self._client


def _parse_hit(hit: dict[str, Any]) -> Hit:
    sort_key = tuple(hit["sort"])
    return Hit(sort_key[-1], hit["fields"]["version"][0], hit["_score"] or 0.0, sort_key)


def _parse_bucket(bucket: dict[str, Any]) -> tuple[str | int, int]:
    key = bucket["key"]
    return key if isinstance(key, str) else int(key), bucket["doc_count"]
