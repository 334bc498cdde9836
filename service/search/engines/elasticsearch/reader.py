"""Reading from Elasticsearch: the plan in its language, its faults in ours.

The client's own retries are off: a search that cannot be answered within a second is told so, and
asking three times of a cluster in trouble is what keeps it there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    AuthenticationException,
    AuthorizationException,
    NotFoundError,
    OrjsonSerializer,
    TransportError,
    UnsupportedProductError,
)
from service.errors import Unavailable
from service.limits import INDEX_CONNECTIONS as CONNECTIONS
from service.limits import SEARCH_DEADLINE
from service.search.criteria import sorting as order
from service.search.criteria.facets import Counts, ordered
from service.search.criteria.filters import EVERY_FILM, Facet, Selection
from service.search.criteria.sorting import Place, Sort
from service.search.engines.base import Hit, Hits, Outdated
from service.search.engines.elasticsearch.mapping_check import Fields
from service.search.engines.elasticsearch.queries import COUNTED, asked, searched, selected, sorting
from service.search.query.plan import Plan

PREFIX = "movies"  # of an index's name here; in the cluster the alias takes its place
MAJOR = 9  # of the server: a client of one major does not speak to an older server
COUNTED_EXACTLY = 10_000  # hits; beyond, the total says "or more"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a cluster is: its nodes, who we are there, whom to trust, which alias is ours, and how
    many seconds a search may take.
    """

    nodes: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    certificates: str | None = None
    alias: str = "movies"
    deadline: float = SEARCH_DEADLINE

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read `https://user:pw@host:9200,https://other:9200?ca=/path/ca.crt&timeout=2`."""
        parts = [urlsplit(each.strip()) for each in url.split(",")]
        options = parse_qs("&".join(part.query for part in parts))
        known = next((part for part in parts if part.username), None)
        nodes = tuple(
            urlunsplit((part.scheme, f"{part.hostname}:{part.port or 9200}", part.path, "", ""))
            for part in parts
        )
        return cls(
            nodes=nodes,
            user=unquote(known.username) if known and known.username else None,
            password=unquote(known.password) if known and known.password else None,
            certificates=options.get("ca", [None])[-1],
            alias=options.get("index", ["movies"])[-1] or "movies",
            deadline=float(options.get("timeout", [SEARCH_DEADLINE])[-1]),
        )

    def real(self, name: str) -> str:
        """The cluster's name for the index that is called `name` here. Raises `Unavailable`."""
        if not name.startswith(PREFIX + "-"):
            raise Unavailable(f"{name} is not the name of an index.", code="index_name")
        return self.alias + name.removeprefix(PREFIX)

    def short(self, index: str) -> str:
        """What an index of the cluster is called here."""
        return PREFIX + index.removeprefix(self.alias)

    def client(self, timeout: float) -> AsyncElasticsearch:
        """A client whose every request ends within `timeout` seconds, tried once.

        Raises:
            Unavailable: the certificate in the URL cannot be read.
        """
        options: dict[str, Any] = {}
        if self.user is not None:
            options["basic_auth"] = (self.user, self.password or "")
        if self.certificates is not None:
            options["ca_certs"] = self.certificates
        try:
            return AsyncElasticsearch(
                list(self.nodes),
                request_timeout=timeout,
                max_retries=0,
                retry_on_timeout=False,
                connections_per_node=CONNECTIONS,
                serializer=OrjsonSerializer(),
                **options,
            )
        except (OSError, ValueError) as error:  # it is not there, or no certificate
            raise Unavailable(
                f"The certificate {self.certificates} in SEARCH_URL cannot be read ({error}).",
                code="search_unavailable",
            ) from error


@contextmanager
def faults() -> Iterator[None]:
    """Whatever the driver raises inside becomes `Unavailable`, with what to do about it."""
    try:
        yield
    except (ApiError, TransportError, UnsupportedProductError) as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> Unavailable:
    """The driver's error in words for people."""
    text = str(error)
    if isinstance(error, AuthenticationException):
        detail = "Elasticsearch does not accept the user or password in SEARCH_URL."
    elif isinstance(error, AuthorizationException):
        detail = "The Elasticsearch user in SEARCH_URL may not do what the service needs."
    elif isinstance(error, UnsupportedProductError):
        detail = "What answers at SEARCH_URL is not Elasticsearch."
    elif "media_type_header_exception" in text or "compatible-with" in text:
        detail = f"Elasticsearch is too old: the service needs version {MAJOR}."
    elif isinstance(error, NotFoundError) and "index_not_found" in text:
        detail = "There is no search index yet; the indexer makes it when it starts."
    elif "circuit_breaking_exception" in text:
        detail = "Elasticsearch is short of memory: it needs a larger heap."
    elif isinstance(error, TransportError):
        detail = "Elasticsearch does not answer."
    else:
        detail = "Elasticsearch could not do what was asked of it."
    return Unavailable(detail, code="search_unavailable", retry_after=1)


async def version(client: AsyncElasticsearch) -> str:
    """The server's version. Raises `Unavailable` for one that is too old, and driver's errors."""
    number = str((await client.info())["version"]["number"])
    if int(number.partition(".")[0]) < MAJOR:
        raise Unavailable(
            f"Elasticsearch is {number}; the service needs version {MAJOR}.",
            code="search_unavailable",
        )
    return number


class ElasticEngine:
    """The engine for one or many machines, through the alias of the live index."""

    def __init__(self, address: Address) -> None:
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

    async def see(self, generation: int) -> None:
        """Nothing to do: a refresh shows the documents to every search."""

    async def search(
        self,
        plan: Plan | None,
        offset: int,
        limit: int,
        *,
        selection: Selection = EVERY_FILM,
        sort: Sort = "relevance",
        after: Place | None = None,
    ) -> Hits:
        if plan is not None and plan.hopeless:
            return Hits((), 0)
        await self._check(asked(plan, selection))
        by = order.column(sort, plan is not None)
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
        self, plan: Plan | None, selection: Selection, facets: Sequence[Facet]
    ) -> Counts:
        if plan is not None and plan.hopeless:
            return dict.fromkeys(facets, ())
        await self._check(asked(plan, selection, facets))
        wanted = {
            facet: {"filter": selected(selection.without(facet)), "aggs": {"of": COUNTED[facet]}}
            for facet in facets
        }
        query = searched(plan, EVERY_FILM, scored=False)
        answer = await self._search(query=query, size=0, aggs=wanted, track_total_hits=False)
        if answer["timed_out"]:
            raise Unavailable(
                "Counting takes too long now.", code="search_unavailable", retry_after=1
            )
        counts: Counts = {}
        for facet in facets:
            buckets = answer["aggregations"][facet]["of"]["buckets"]
            values = ((_value(b["key"]), b["doc_count"]) for b in buckets)
            counts[facet] = ordered(facet, values)
        return counts

    async def check(self) -> str:
        client = self._ready()
        with faults():
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
        with faults():
            has = await self._fields.has(self._ready(), fields)
        if not has:
            raise Outdated

    async def _search(self, **wanted: Any) -> Any:
        with faults():
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
