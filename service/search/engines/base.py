"""What search needs of an engine: the API reads through `Engine`, the indexer writes through
`IndexWriter`.

Both raise the words of `service.errors` only, never a driver's error.
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

Relation = Literal["eq", "gte"]


class IndexOutdated(Unavailable):
    """The engine is well, but an earlier release made the index, without what this search looks at:
    others are answered.
    """

    default_code = "index_outdated"

    def __init__(self) -> None:
        super().__init__(
            "The search index was made by an earlier release and lacks what this search looks "
            "at; `movies reindex` makes it anew.",
            retry_after=60,
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A film that matched: its id, the version that the index holds, the engine's score (0 when
    hits are sorted by something else), and its place in the order.
    """

    film_id: str
    version: int
    score: float
    sort_key: SortKey = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """Some hits in a total, repeatable order (what is sorted by, then votes, then id), and how many
    there are in all.
    """

    hits: tuple[Hit, ...]
    total: int
    relation: Relation = "eq"
    partial: bool = False
    """Whether the engine ran out of time and looked at a part of the index alone."""


@dataclass(frozen=True, slots=True)
class WriteError:
    """A document that was not written. With `passing` trying again may help, else never."""

    film_id: str
    reason: str
    retryable: bool


Serializer = Callable[[MovieDocument], bytes]
"""Turns a document into an engine's own form: a function of a module, which other processes can
run. Raises ValueError, TypeError or OverflowError for what the engine can never take.
"""


class SerializedDocument(NamedTuple):
    """A document in the form of the engine that it will be sent to; cheap to hand over."""

    film_id: str
    version: int
    body: bytes

    @classmethod
    def of(cls, document: MovieDocument, pack: Serializer) -> "SerializedDocument":
        """Raises what `pack` raises."""
        return cls(document.film_id, document.version, pack(document))


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What an index holds of one film: its version and its document's digest; `gone` marks a
    tombstone.
    """

    film_id: str
    version: int
    digest: str
    gone: bool


def serialize_all(
    documents: Sequence[MovieDocument], pack: Serializer
) -> tuple[list[SerializedDocument], tuple[WriteError, ...]]:
    """What can be packed of these, and a refusal for each of the others."""
    ready, refused = [], []
    for document in documents:
        try:
            ready.append(SerializedDocument.of(document, pack))
        except (*DOCUMENT_ERRORS, OverflowError) as error:
            refused.append(WriteError(document.film_id, str(error), retryable=False))
    return ready, tuple(refused)


class Engine(Protocol):
    """Reads the index. Every method raises `Unavailable` when the index cannot be read."""

    async def open(self) -> None:
        """Get ready; does not fail when the index is not there yet, since `search` says so."""

    async def close(self) -> None:
        """Let go of everything; may be called twice."""

    async def refresh(self, generation: int) -> None:
        """Make searches show what the index held when its generation became `generation`."""

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
        """The hits from `offset` on, at most `limit`; both together at most 10,000.

        Args:
            plan: none for every film, the best known first.
            after: the place of a hit, behind which to go on; then `offset` only says how many
                stand before, which may save a look.
        """

    async def count(
        self, plan: Plan | None, selection: Filters, facets: Sequence[Facet]
    ) -> FacetCounts:
        """How many hits have which values of `facets`."""

    async def check(self) -> str:
        """One line for people that says that all is well."""


class IndexWriter(Protocol):
    """Writes the index. Every method raises `Unavailable` when the engine does not do its part."""

    @property
    def serialize(self) -> Serializer:
        """What makes documents ready for `fill`."""

    async def open(self) -> None:
        """Get ready to write, and make a first index where there is none."""

    async def close(self) -> None:
        """Let go of everything; may be called twice."""

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        """Put documents into the live index; searches see them when this returns.

        A document older than what the index holds is left out in silence: that is success.
        """

    async def create(self, name: str) -> None:
        """Make an empty index beside the live one; an old one of the same name is dropped."""

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        """Like `write`, into the index `name`, without showing it to searches yet; safe only after
        `keep`.
        """

    async def commit(self, name: str) -> None:
        """Make sure that what the index `name` was filled with outlives this process."""

    async def count(self, name: str) -> int:
        """How many films, tombstones left out, the index `name` holds; shows all that was filled
        in.
        """

    async def promote(self, name: str) -> None:
        """Make `name` the live index, in one step that no search notices."""

    async def live_index(self) -> str | None:
        """The live index, or none."""

    async def list_indexes(self) -> list[str]:
        """Every index that is ours, the live one included."""

    async def drop(self, name: str) -> None:
        """Remove an index that is not live; one that is not there is fine."""

    async def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        """Remove these films' tombstones from the live index; what is no tombstone stays."""


class Inventory(Protocol):
    """Reads an index document by document, beside whoever writes it: what proves that it equals
    the database. Every method raises `Unavailable` when the index cannot be read.
    """

    async def close(self) -> None:
        """Let go of everything; may be called twice."""

    async def live_index(self) -> str | None:
        """The live index, or none."""

    async def is_current_schema(self, name: str) -> bool:
        """Whether the index `name` was made with this release's mapping and analysis."""

    async def list_entries(self, name: str, after: str, limit: int) -> tuple[IndexEntry, ...]:
        """At most `limit` documents of the index `name` behind the id `after`, in order of ids,
        tombstones too. Fewer than `limit` are the last ones.
        """

    async def get_entry(self, name: str, film_id: str) -> IndexEntry | None:
        """What the index `name` holds of one film."""
