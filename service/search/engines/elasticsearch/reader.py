"""Reading from Elasticsearch: the plan in its language, its faults in ours.

The client's own retries are off: a search that cannot be answered within a second is told so, and
asking three times of a cluster in trouble is what keeps it there.
"""

from collections.abc import Sequence
from typing import Any

from elasticsearch import (
    AsyncElasticsearch,
)
from service.errors import Unavailable
from service.search.criteria import sorting as order
from service.search.criteria.facets import FacetCounts, order_counts
from service.search.criteria.filters import NO_FILTERS, Facet, Filters
from service.search.criteria.sorting import Sort, SortKey
from service.search.engines.base import Hit, Hits, IndexOutdated
from service.search.engines.elasticsearch.connection import (
    ElasticsearchAddress,
    translate_errors,
    version,
)
from service.search.engines.elasticsearch.mapping_check import Fields
from service.search.engines.elasticsearch.queries import COUNTED, asked, searched, selected, sorting
from service.search.query.plan import Plan

COUNTED_EXACTLY = 10_000  # hits; beyond, the total says "or more"


class ElasticsearchEngine:
    """The engine for one or many machines, through the alias of the live index."""

    def __init__(self, address: ElasticsearchAddress) -> None:
        self._address = address
        self._client: AsyncElasticsearch | None = None
        self._fault: Unavailable | None = None
        self._fields = Fields(address.alias)

    async def open(self) -> None:
        if self._client is None:
            try:
                self._client = self._address.client(self._address.deadline)
            except Unavailable as fault:  # each search says so, and the rest of the service runs
                self._fault = fault

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def refresh(self, generation: int) -> None:
        """Nothing to do: a refresh shows the documents to every search."""

    async def search(
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        *,
        selection: Filters = NO_FILTERS,
        sort: Sort = "relevance",
        after: SortKey | None = None,
    ) -> Hits:
        if plan is not None and plan.matches_nothing:
            return Hits((), 0)
        await self._check(asked(plan, selection))
        by = order.sort_column(sort, plan is not None)
        answer = await self._search(
            query=searched(plan, selection, scored=by is None),
            size=limit,
            sort=sorting(by),
            docvalue_fields=["version"],
            track_total_hits=COUNTED_EXACTLY,
            **({"search_after": list(after)} if after else {"from_": offset}),
        )
        found = tuple(
            Hit(
                hit["sort"][-1],
                hit["fields"]["version"][0],
                hit["_score"] or 0.0,
                tuple(hit["sort"]),
            )
            for hit in answer["hits"]["hits"]
        )
        total = answer["hits"]["total"]
        partial = bool(answer["timed_out"])
        if partial and not found:  # "nothing" would be believed
            raise Unavailable(
                "Searching takes too long now.", code="search_unavailable", retry_after=1
            )
        whole = total["relation"] == "eq" and not partial
        return Hits(found, total["value"], "eq" if whole else "gte", partial)

    async def count(
        self, plan: Plan | None, selection: Filters, facets: Sequence[Facet]
    ) -> FacetCounts:
        if plan is not None and plan.matches_nothing:
            return dict.fromkeys(facets, ())
        await self._check(asked(plan, selection, facets))
        wanted = {
            facet: {
                "filter": selected(selection.without_facet(facet)),
                "aggs": {"of": COUNTED[facet]},
            }
            for facet in facets
        }
        query = searched(plan, NO_FILTERS, scored=False)
        answer = await self._search(query=query, size=0, aggs=wanted, track_total_hits=False)
        if answer["timed_out"]:
            raise Unavailable(
                "Counting takes too long now.", code="search_unavailable", retry_after=1
            )
        counts: FacetCounts = {}
        for facet in facets:
            buckets = answer["aggregations"][facet]["of"]["buckets"]
            values = ((_value(b["key"]), b["doc_count"]) for b in buckets)
            counts[facet] = order_counts(facet, values)
        return counts

    async def check(self) -> str:
        client = self._ready()
        with translate_errors():
            number = await version(client)
            if not await client.indices.exists_alias(name=self._address.alias):
                raise Unavailable(
                    f"No index of ours is live as {self._address.alias}; if the indexer runs, "
                    "run `movies reindex`.",
                    code="search_unavailable",
                )
            counted = await client.count(index=self._address.alias)
        return f"Elasticsearch {number}, index {self._address.alias}: {counted['count']} documents"

    async def _check(self, fields: frozenset[str]) -> None:
        """Refuse what an index of an earlier release lacks."""
        with translate_errors():
            has = await self._fields.has(self._ready(), fields)
        if not has:
            raise IndexOutdated

    async def _search(self, **wanted: Any) -> Any:
        with translate_errors():
            answer = await self._ready().search(
                index=self._address.alias,
                source=False,
                stored_fields="_none_",  # ids and versions have columns; those are read faster
                timeout=f"{int(self._address.deadline * 1000)}ms",
                **wanted,
            )
        if answer["_shards"]["failed"]:
            raise Unavailable(
                "A part of the search index does not answer.",
                code="search_unavailable",
                retry_after=1,
            )
        return answer

    def _ready(self) -> AsyncElasticsearch:
        if self._client is None:
            raise self._fault or Unavailable(
                "The search engine is not open.", code="search_unavailable"
            )
        return self._client


def _value(key: str | float) -> str | int:
    return key if isinstance(key, str) else int(key)
