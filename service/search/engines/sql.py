"""The database as an engine of last resort: a plan in SQL, over the plain text of each film.

Each word of a plan is a column that says what it is worth in the film; a film is a hit by the same
rule as in an index. Typos were expanded by the vocabulary before, so plain comparing does: of a
word there are at most sixteen forms to compare. PostgreSQL finds words by an index over pieces of
three letters, and words that are only alike by it as well; SQLite reads the texts from first to
last.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from service.database.connection import is_postgres
from service.database.sql import fetch_rows
from service.films.search_text import NAME_PREFIXES, WRITER_PREFIX, SearchTextColumn
from service.search.criteria.filters import Filters, Range
from service.search.criteria.sorting import Sort
from service.search.engines.base import Hit, Hits
from service.search.query.parser import Query
from service.search.query.plan import Clause, Field, Plan, Slot

PAGE = 2_000  # films read at a time
MOST_FORMS = 16  # of one word that are compared
_WORD, _BEGINNING = (" ", " "), (" ", "")
PIECES: dict[Field, tuple[SearchTextColumn, str, str]] = {
    "title": ("plaintext", *_WORD),
    "alt": ("plaintext", *_WORD),
    "director": ("plaintext", *_WORD),
    "joined": ("plaintext", *_WORD),
    "whole": ("plaintext", *_WORD),
    "edge": ("plaintext", *_BEGINNING),
    "director_edge": ("plaintext", *_BEGINNING),
    "whole_edge": ("plaintext", *_BEGINNING),
    "writer": ("nametext", f" {WRITER_PREFIX}", " "),
}
"""The column that holds a field's terms, and what stands before and behind each there."""

_ORDER: dict[Sort, str] = {
    "relevance": "score DESC",
    "year": "year IS NULL, year",
    "-year": "year IS NULL, year DESC",
    "rating": "imdb_rating IS NULL, imdb_rating",
    "-rating": "imdb_rating IS NULL, imdb_rating DESC",
    "title": "whole_title",
    "popularity": "popularity IS NULL, popularity DESC",
}
_COLUMNS = (
    "id, version, COALESCE(imdb_votes, 0) AS votes, year, imdb_rating, popularity, whole_title"
)


class DatabaseEngine:
    """Reads the films' own table. Every method raises the database's own errors."""

    async def search(
        self, plan: Plan | None, offset: int, limit: int, selection: Filters, sort: Sort
    ) -> Hits:
        """The hits from `offset` on, at most `limit`, in a total order."""
        if plan is not None and plan.matches_nothing:
            return Hits((), 0)
        sql = _Statement()
        text = _select(sql, plan, selection)
        by = _ORDER[sort] if plan or sort != "relevance" else "votes DESC"
        page = f"ORDER BY {by}, votes DESC, id LIMIT {limit} OFFSET {offset}"
        found = await fetch_rows(f"{text} {page}", *sql.values)
        hits = tuple(Hit(str(row["id"]), row["version"], float(row["score"])) for row in found)
        if not found and offset:  # behind the end no row is left that would know the total
            found = await fetch_rows(f"{text} LIMIT 1", *sql.values)
        return Hits(hits, found[0]["total"] if found else 0)

    async def alike(self, query: Query, limit: int, selection: Filters) -> Hits:
        """Films with words that look alike, on PostgreSQL with trigrams; elsewhere none."""
        if not await self.knows_alike():
            return Hits((), 0)
        sql = _Statement()
        typed = sql.value(" ".join(query.core))
        kept = " AND ".join((f"{typed} <% plaintext", *_filters(sql, selection)))
        likeness = f"word_similarity({typed}, plaintext)"
        found = await fetch_rows(
            f"SELECT id, version, {likeness} AS score FROM films WHERE {kept} "  # noqa: S608
            f"ORDER BY score DESC, id LIMIT {limit}",
            *sql.values,
        )
        return Hits(tuple(Hit(str(r["id"]), r["version"], r["score"]) for r in found), len(found))

    async def texts(self) -> AsyncIterator[tuple[str, str]]:
        """The plain text and the names of every film."""
        last = "00000000-0000-0000-0000-000000000000"
        sql = "SELECT id, plaintext, nametext FROM films WHERE id > $1 ORDER BY id LIMIT $2"
        while page := await fetch_rows(sql, last, PAGE):
            last = str(page[-1]["id"])
            for row in page:
                yield row["plaintext"], row["nametext"]

    async def knows_alike(self) -> bool:
        """Whether this database can tell which words look alike."""
        if not is_postgres():
            return False
        return bool(
            await fetch_rows("SELECT 1 AS there FROM pg_extension WHERE extname = 'pg_trgm'")
        )


@dataclass(slots=True)
class _Statement:
    """The values of a statement, each sent once, and the conditions that were made of pieces."""

    values: list[object] = field(default_factory=list)
    conditions: dict[tuple[SearchTextColumn, str], str] = field(default_factory=dict)

    def value(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def has(self, column: SearchTextColumn, piece: str) -> str:
        """The condition that a film's text holds `piece`."""
        if (known := self.conditions.get((column, piece))) is None:
            if is_postgres():
                known = f"{column} LIKE {self.value(f'%{_escaped(piece)}%')}"
            else:
                known = f"instr({column}, {self.value(piece)}) > 0"
            self.conditions[column, piece] = known
        return known


def _escaped(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _select(sql: _Statement, plan: Plan | None, selection: Filters) -> str:
    kept = _filters(sql, selection)
    if plan is None:
        where = f"WHERE {' AND '.join(kept)}" if kept else ""
        return f"SELECT {_COLUMNS}, 0 AS score, COUNT(*) OVER () AS total FROM films {where}"  # noqa: S608
    group = plan.groups[0]
    slots = [*group.slots, *plan.optional, *([plan.full_title] if plan.full_title else [])]
    worths = [_worth(sql, slot) for slot in slots]
    required = worths[: len(group.slots)] + (worths[-1:] if plan.full_title else [])
    any_of = (
        " OR ".join(dict.fromkeys(c for worth in required for c in worth.conditions)) or "1 = 0"
    )
    columns = "".join(f", {worth.value} AS s{n}" for n, worth in enumerate(worths))
    score = " + ".join(f"{slot.multiplicity} * s{n}" for n, slot in enumerate(slots))
    matched = " + ".join(
        f"CASE WHEN s{n} > 0 THEN {slot.multiplicity} ELSE 0 END"
        for n, slot in enumerate(group.slots)
    )
    whole = f" OR s{len(slots) - 1} > 0" if plan.full_title else ""
    inner = f"SELECT {_COLUMNS}{columns} FROM films WHERE {' AND '.join((*kept, f'({any_of})'))}"  # noqa: S608
    return (
        f"SELECT *, {score} AS score, COUNT(*) OVER () AS total FROM ({inner}) AS found "  # noqa: S608
        f"WHERE {matched} >= {group.min_matches}{whole}"
    )


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a word is worth in a film, as SQL, and the conditions of its being there."""

    value: str
    conditions: tuple[str, ...]


def _worth(sql: _Statement, slot: Slot) -> _Worth:
    """The best clause that applies; of each form its best worth, of all the best forms."""
    best: dict[str, float] = {}
    for clause in slot.clauses:
        for condition in _conditions(sql, clause, MOST_FORMS - len(best)):
            best[condition] = max(best.get(condition, 0.0), clause.weight)
    ordered = sorted(best.items(), key=lambda each: -each[1])
    if not ordered:
        return _Worth("0", ())
    cases = " ".join(f"WHEN {condition} THEN {worth}" for condition, worth in ordered)
    return _Worth(f"CASE {cases} ELSE 0 END", tuple(best))


def _conditions(sql: _Statement, clause: Clause, most: int) -> Iterable[str]:
    if clause.field == "year":
        return [f"year IN ({', '.join(str(int(year)) for year in clause.terms)})"]
    if clause.field not in PIECES:
        return []
    column, start, end = PIECES[clause.field]
    pieces = [f"{start}{term}{end}" for term in clause.terms]
    known = [piece for piece in pieces if (column, piece) in sql.conditions]
    fresh = [piece for piece in pieces if (column, piece) not in sql.conditions]
    return [sql.has(column, piece) for piece in known + fresh[: max(0, most)]]


def _filters(sql: _Statement, selection: Filters) -> list[str]:
    found = []
    if selection.types:
        found.append(f"type IN ({', '.join(sql.value(each) for each in selection.types)})")
    for name, values in selection.name_filters.items():
        any_of = (sql.has("nametext", f" {NAME_PREFIXES[name]}{value} ") for value in values)
        found.append(f"({' OR '.join(any_of)})")
    ranges = (
        ("year", selection.years),
        ("imdb_rating", selection.ratings),
        ("runtime_minutes", selection.minutes),
    )
    return found + [each for name, bounds in ranges for each in _between(name, bounds)]


def _between(name: str, bounds: Range) -> list[str]:
    ends = ((">=", bounds.minimum), ("<=", bounds.maximum))
    return [f"{name} {sign} {end}" for sign, end in ends if end is not None]
