"""The fallback engine: a plan as SQL over the plain texts of the films' own table.

Each slot of a plan becomes a column with the slot's weight in the film, and a film is a hit by the
same rule as in an index. Typos need no fuzzy SQL: the vocabulary has expanded them already, and at
most 16 forms of one word are compared. PostgreSQL finds words and similar words through a trigram
index; SQLite scans the texts.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from service.database.connection import is_postgres
from service.database.sql import fetch_rows
from service.films.search_text import (
    ACTOR_PREFIX,
    NAME_PREFIXES,
    WRITER_PREFIX,
    SearchTextColumn,
)
from service.search.criteria.filters import Filters, Range
from service.search.criteria.sorting import Sort
from service.search.engines.base import Hit, Hits
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.slots import Clause, Field, Slot

TEXTS_PAGE_SIZE = 2_000  # films
MAX_FORMS = 16  # forms of one word that are compared
_WHOLE_WORD, _WORD_START = (" ", " "), (" ", "")
FIELD_TEXTS: dict[Field, tuple[SearchTextColumn, str, str]] = {
    "title": ("plaintext", *_WHOLE_WORD),
    "alt": ("plaintext", *_WHOLE_WORD),
    "director": ("plaintext", *_WHOLE_WORD),
    "joined": ("plaintext", *_WHOLE_WORD),
    "whole": ("plaintext", *_WHOLE_WORD),
    "edge": ("plaintext", *_WORD_START),
    "director_edge": ("plaintext", *_WORD_START),
    "whole_edge": ("plaintext", *_WORD_START),
    "grams": ("plaintext", "", ""),
    "writer": ("nametext", f" {WRITER_PREFIX}", " "),
    "cast": ("nametext", f" {ACTOR_PREFIX}", " "),
    "writer_edge": ("nametext", f" {WRITER_PREFIX}", ""),
    "cast_edge": ("nametext", f" {ACTOR_PREFIX}", ""),
}
"""The column with a field's terms, and the text before and after each term there."""

_ORDER_BY: dict[Sort, str] = {
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
    """Searches the films' own table. Every method raises the database's own errors."""

    async def search(
        self, plan: Plan | None, offset: int, limit: int, filters: Filters, sort: Sort
    ) -> Hits:
        """Return at most `limit` hits from `offset` on, in a total order."""
        if plan is not None and plan.matches_nothing:
            return Hits((), 0)
        statement = _Statement()
        select = _select(statement, plan, filters)
        first_key = _ORDER_BY[sort] if plan or sort != "relevance" else "votes DESC"
        page = f"ORDER BY {first_key}, votes DESC, id LIMIT {limit} OFFSET {offset}"
        rows = await fetch_rows(f"{select} {page}", *statement.values)
        hits = tuple(Hit(str(row["id"]), row["version"], float(row["score"])) for row in rows)
        if not rows and offset:  # past the end no row carries the total
            rows = await fetch_rows(f"{select} LIMIT 1", *statement.values)
        return Hits(hits, rows[0]["total"] if rows else 0)

    async def search_similar(self, query: Query, limit: int, filters: Filters) -> Hits:
        """Return films with words similar to the query's, by trigrams; only PostgreSQL has them."""
        if not await self.has_trigrams():
            return Hits((), 0)
        statement = _Statement()
        text = statement.bind(" ".join(query.core))
        where = " AND ".join((f"{text} <% plaintext", *_filter_conditions(statement, filters)))
        similarity = f"word_similarity({text}, plaintext)"
        rows = await fetch_rows(
            f"SELECT id, version, {similarity} AS score FROM films WHERE {where} "  # noqa: S608
            f"ORDER BY score DESC, id LIMIT {limit}",
            *statement.values,
        )
        hits = tuple(Hit(str(row["id"]), row["version"], row["score"]) for row in rows)
        return Hits(hits, len(rows))

    async def read_texts(self) -> AsyncIterator[tuple[str, str]]:
        """Yield the plain text and the name text of every film."""
        last_id = "00000000-0000-0000-0000-000000000000"
        sql = "SELECT id, plaintext, nametext FROM films WHERE id > $1 ORDER BY id LIMIT $2"
        while rows := await fetch_rows(sql, last_id, TEXTS_PAGE_SIZE):
            last_id = str(rows[-1]["id"])
            for row in rows:
                yield row["plaintext"], row["nametext"]

    async def has_trigrams(self) -> bool:
        """Return whether the database can compare words by their trigrams."""
        if not is_postgres():
            return False
        return bool(
            await fetch_rows("SELECT 1 AS there FROM pg_extension WHERE extname = 'pg_trgm'")
        )


@dataclass(slots=True)
class _Statement:
    """The bound values of a statement, and the text conditions that use them, each bound once."""

    values: list[object] = field(default_factory=list)
    conditions: dict[tuple[SearchTextColumn, str], str] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def contains(self, column: SearchTextColumn, text: str) -> str:
        """Return the condition that `column` contains `text`."""
        if (condition := self.conditions.get((column, text))) is None:
            if is_postgres():
                condition = f"{column} LIKE {self.bind(f'%{_escape_like(text)}%')}"
            else:
                condition = f"instr({column}, {self.bind(text)}) > 0"
            self.conditions[column, text] = condition
        return condition


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _select(statement: _Statement, plan: Plan | None, filters: Filters) -> str:
    conditions = _filter_conditions(statement, filters)
    if plan is None:
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {_COLUMNS}, 0 AS score, COUNT(*) OVER () AS total FROM films {where}"  # noqa: S608
    group = plan.groups[0]
    slots = [*group.slots, *plan.optional, *([plan.full_title] if plan.full_title else [])]
    weights = [_weigh_slot(statement, slot) for slot in slots]
    required = weights[: len(group.slots)] + (weights[-1:] if plan.full_title else [])
    any_of = " OR ".join(dict.fromkeys(c for weight in required for c in weight.conditions))
    columns = "".join(f", {weight.sql} AS s{n}" for n, weight in enumerate(weights))
    score = " + ".join(f"{slot.multiplicity} * s{n}" for n, slot in enumerate(slots))
    matched = " + ".join(
        f"CASE WHEN s{n} > 0 THEN {slot.multiplicity} ELSE 0 END"
        for n, slot in enumerate(group.slots)
    )
    or_full_title = f" OR s{len(slots) - 1} > 0" if plan.full_title else ""
    where = " AND ".join((*conditions, f"({any_of or '1 = 0'})"))
    return (
        f"SELECT *, {score} AS score, COUNT(*) OVER () AS total "  # noqa: S608
        f"FROM (SELECT {_COLUMNS}{columns} FROM films WHERE {where}) AS found "
        f"WHERE {matched} >= {group.min_matches}{or_full_title}"
    )


@dataclass(frozen=True, slots=True)
class _SlotWeight:
    """The weight of a slot in a film, as SQL, and the conditions of which one must hold."""

    sql: str
    conditions: tuple[str, ...]


def _weigh_slot(statement: _Statement, slot: Slot) -> _SlotWeight:
    """Take the best weight of each form, and of all forms that apply the best."""
    best: dict[str, float] = {}
    for clause in slot.clauses:
        for condition in _clause_conditions(statement, clause, MAX_FORMS - len(best)):
            best[condition] = max(best.get(condition, 0.0), clause.weight)
    if not best:
        return _SlotWeight("0", ())
    by_weight = sorted(best.items(), key=lambda item: -item[1])
    cases = " ".join(f"WHEN {condition} THEN {weight}" for condition, weight in by_weight)
    return _SlotWeight(f"CASE {cases} ELSE 0 END", tuple(best))


def _clause_conditions(statement: _Statement, clause: Clause, max_new: int) -> Iterable[str]:
    if clause.field == "year":
        return [f"year IN ({', '.join(str(int(year)) for year in clause.terms)})"]
    if clause.field not in FIELD_TEXTS:
        return []
    column, before, after = FIELD_TEXTS[clause.field]
    texts = [f"{before}{term}{after}" for term in clause.terms]
    bound = [text for text in texts if (column, text) in statement.conditions]
    new = [text for text in texts if (column, text) not in statement.conditions]
    return [statement.contains(column, text) for text in bound + new[: max(0, max_new)]]


def _filter_conditions(statement: _Statement, filters: Filters) -> list[str]:
    conditions = []
    for column, names in (("type", filters.types), ("source", filters.sources)):
        if names:
            any_of = ", ".join(map(statement.bind, names))
            conditions.append(f"{column} IN ({any_of})")
    if filters.hidden_types:
        any_of = ", ".join(map(statement.bind, filters.hidden_types))
        conditions.append(f"type NOT IN ({any_of})")
    for name, values in filters.name_filters.items():
        contained = (
            statement.contains("nametext", f" {NAME_PREFIXES[name]}{value} ") for value in values
        )
        conditions.append(f"({' OR '.join(contained)})")
    conditions += _range_conditions("year", filters.years)
    conditions += _range_conditions("imdb_rating", filters.ratings)
    conditions += _range_conditions("runtime_minutes", filters.minutes)
    return conditions


def _range_conditions(column: str, bounds: Range) -> list[str]:
    ends = ((">=", bounds.minimum), ("<=", bounds.maximum))
    return [f"{column} {sign} {end}" for sign, end in ends if end is not None]
