"""The ports of a search engine: `Engine` reads, `IndexWriter` writes, `Inventory` lists documents.

Implementations raise only the errors of `service.errors`, never a driver's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from service.errors import Unavailable
from service.search.criteria.facets import FacetCounts
from service.search.criteria.filters import NO_FILTERS, Facet, Filters
from service.search.criteria.sorting import Sort, SortKey
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.query.plan import Plan

FIRST_INDEX = "movies-1"
"""The index that a writer creates where there is none."""

Relation = Literal["eq", "gte"]
"""Whether a total is exact or a lower bound."""


class IndexOutdated(Unavailable):
    """An earlier release made the index, and it lacks fields that this search needs.

    The engine itself is healthy: searches that do not need these fields are answered.
    """

    default_code = "index_outdated"

    def __init__(self) -> None:
        super().__init__(
            "An earlier release made the search index, and it lacks fields that this search "
            "needs, until the indexer has rebuilt it.",
            retry_after=60,
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A film that matches a plan.

    `version` is the film's version in the index; `score` is 0 unless hits are sorted by
    relevance; `sort_key` is the hit's position in the order, to continue after it.
    """

    film_id: str
    version: int
    score: float
    sort_key: SortKey = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of hits and the total.

    The order is total and repeatable: by the sort column, then votes, then id.
    """

    hits: tuple[Hit, ...]
    total: int
    relation: Relation = "eq"
    partial: bool = False
    """Whether the engine timed out and searched only a part of the index."""


@dataclass(frozen=True, slots=True)
class WriteError:
    """A document that was not written. If it is not `retryable`, trying again never helps."""

    film_id: str
    reason: str
    retryable: bool


Serializer = Callable[[MovieDocument], bytes]
"""Turns a document into an engine's own format.

It is a module-level function, so that other processes can run it. It raises ValueError, TypeError
or OverflowError for a document that the engine can never store.
"""


class SerializedDocument(NamedTuple):
    """A document in its engine's format; cheap to pass between processes."""

    film_id: str
    version: int
    body: bytes

    @classmethod
    def of(cls, document: MovieDocument, serialize: Serializer) -> "SerializedDocument":
        """Serialize `document`; raise what `serialize` raises."""
        return cls(document.film_id, document.version, serialize(document))


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """The version and digest that an index holds of one film; `gone` marks a tombstone."""

    film_id: str
    version: int
    digest: str
    gone: bool


def serialize_all(
    documents: Sequence[MovieDocument], serialize: Serializer
) -> tuple[list[SerializedDocument], tuple[WriteError, ...]]:
    """Return the serialized documents, and an error for each that cannot be serialized."""
    serialized, errors = [], []
    for document in documents:
        try:
            serialized.append(SerializedDocument.of(document, serialize))
        except (*DOCUMENT_ERRORS, OverflowError) as error:
            errors.append(WriteError(document.film_id, str(error), retryable=False))
    return serialized, tuple(errors)


class Engine(Protocol):
    """Searches the live index. Every method raises `Unavailable` if the index cannot be read."""

    async def open(self) -> None:
        """Prepare for searches. Succeed without an index; `search` reports that one is missing."""

    async def close(self) -> None:
        """Release all resources; may be called twice."""

    async def refresh(self, generation: int) -> None:
        """Let searches see all that the index held when its generation became `generation`."""

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
        """Return at most `limit` hits from `offset` on; `offset + limit` is at most 10,000.

        Args:
            plan: None matches every film; relevance then means most votes first.
            after: continue after the hit with this sort key. `offset` is then only a hint how
                many hits come before, which may save a second read.
        """

    async def count(
        self, plan: Plan | None, filters: Filters, facets: Sequence[Facet]
    ) -> FacetCounts:
        """Count the hits for each value of `facets`, leaving out each facet's own filter."""

    async def check(self) -> str:
        """Return one line for an operator if everything is healthy."""


class IndexWriter(Protocol):
    """Writes indexes. Every method raises `Unavailable` if the engine fails or rejects the call."""

    async def open(self) -> None:
        """Prepare for writing; make a first index if there is none."""

    async def close(self) -> None:
        """Release all resources; may be called twice."""

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        """Write documents into the live index; searches see them when this returns.

        A document older than the index's version of the film is skipped; that is no error.
        """

    async def add(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        """Write documents into the live index as `write` does, for searches after `show`.

        Whether they are durable before that is up to the engine.
        """

    async def show(self) -> None:
        """Let searches see what was added to the live index, and make it durable."""

    @property
    def serialize(self) -> Serializer:
        """The function that serializes documents for `fill`."""

    async def create(self, name: str) -> None:
        """Create an empty index beside the live one; replace an old index of the same name."""

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        """Write documents into the index `name`, as `write` does.

        Searches do not see them yet, and they are durable only after `commit`.
        """

    async def commit(self, name: str) -> None:
        """Make everything that was filled into the index `name` durable."""

    async def count(self, name: str) -> int:
        """Count the films in the index `name`, all that were filled in and no tombstones."""

    async def promote(self, name: str) -> None:
        """Make `name` the live index in one atomic step."""

    async def live_index(self) -> str | None:
        """Return the name of the live index, or None."""

    async def list_indexes(self) -> list[str]:
        """Return the names of all indexes of this installation, the live one included."""

    async def drop(self, name: str) -> None:
        """Remove an index that is not live; do nothing if it does not exist."""

    async def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        """Remove the tombstones of these films from the live index; keep other documents."""


class Inventory(Protocol):
    """Reads an index document by document, at the same time as others write it.

    Drift scans and the verification of a rebuild compare it with the database. Every method raises
    `Unavailable` if the index cannot be read.
    """

    async def close(self) -> None:
        """Release all resources; may be called twice."""

    async def live_index(self) -> str | None:
        """Return the name of the live index, or None."""

    async def is_current_schema(self, name: str) -> bool:
        """Return whether the index `name` was made with this release's mapping and analysis."""

    async def list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        """Return the next `limit` entries, tombstones too, ordered by id, after the id `after`.

        Fewer than `limit` entries means that there are no more.
        """

    async def get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        """Return the entry of one film in the index `name`, or None."""
