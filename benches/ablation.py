"""Ablation of search: leave out one part at a time and run the same queries again.

A part without which nothing gets worse is not worth its code. The queries are the kept ones, the
curated ones and two more classes in which joined and split words matter: parts of titles beside a
director, with two words joined or one split. They run through the engine search on tantivy. If a
part changes what is indexed, the index is built again without it. The table is Markdown.

    python -m benches.ablation [--seed 7] [--each 150] [--only WORD]

With a seed, fresh queries replace the kept ones. `--each` limits the queries of each class, and
`--only` selects the parts whose name contains the word.
"""

import argparse
import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from benches.cast import add_people
from benches.films import (
    FilmIndex,
    JsonObject,
    RelevanceJudge,
    build_row,
    film_database,
    film_index,
    read_data_file,
)
from benches.hard import CLASS_NAME as HARD
from benches.hard import read_curated_queries
from benches.queries import (
    QueryClass,
    drop_word,
    generate_queries,
    join_words,
    pick_surname,
    split_word,
)
from benches.search import TalliesByClass, measure_queries, search_with_service, sum_tallies
from service.films.models import Film
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.slots import Clause, Slot
from service.search.ranking import scorer as ranking
from service.search.ranking.candidates import Candidate
from service.search.ranking.scorer import Ranked
from service.search.retrieval.engine_search import EngineSearch
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import tokenize

UNREACHABLE_LENGTH = 1_000  # letters; no word is that long
SEED = 1  # for the two classes that are not among the kept queries


def _keep_engine_order(query: Query, candidates: Sequence[Candidate], *_: Any) -> list[Ranked]:
    """Return the candidates in the engine's order; their scores still decide on relaxation."""
    positions = {candidate.film_id: position for position, candidate in enumerate(candidates)}
    ranked = ranking.rank(query, candidates)
    return sorted(ranked, key=lambda r: positions[r.candidate.film_id])


def _exact_year_slot(word: str) -> Slot:
    """Return a slot for the year itself without its neighbours."""
    return Slot((Clause("title", (word,), 1.0), Clause("year", (word,), 0.9)))


def _relaxed_without_ngrams(query: Query, vocabulary: Vocabulary) -> Plan:
    plan = _relaxed(query, vocabulary)
    return Plan(plan.groups[:1], plan.optional, plan.full_title)


_relaxed = Plan.relaxed


def _unmatchable_slot(*_: Any) -> Slot:
    """Return a slot that no film matches."""
    return Slot((Clause("whole", ("\N{BULLET}",), 1.0),))


def _unmatchable_pairs(words: list[str]) -> list[str]:
    """Return as many joined pairs as there are, none of which is a word."""
    return ["\N{BULLET}"] * (len(words) - 1)


def _return_empty_list(*_: Any, **__: Any) -> Any:
    return []


def _return_none(*_: Any, **__: Any) -> None:
    return None


def _return_unchanged(text: Any, *_: Any) -> Any:
    return text


def _return_alone(word: str) -> tuple[str, ...]:
    return (word,)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of search, and the substitutes that disable it, by dotted name.

    `changes_index` is true if the index must be built again without the part.
    """

    name: str
    substitutes: Mapping[str, Any] = field(default_factory=dict)
    changes_index: bool = False

    @contextlib.contextmanager
    def disabled(self) -> Iterator[None]:
        """Disable this part while the block lasts."""
        with contextlib.ExitStack() as stack:
            for target, substitute in self.substitutes.items():
                stack.enter_context(patch(f"service.{target}", substitute))
            yield


def _misspelt_part_with_director(
    misspell: Callable[[random.Random, str], str | None],
) -> QueryClass:
    """Return a query class: a title without one of its words, misspelt, beside the director."""

    def make_query(rng: random.Random, film: JsonObject) -> str | None:
        name = pick_surname(rng, film)
        part = drop_word(rng, " ".join(tokenize(film["title"])))
        text = misspell(rng, part) if part else None
        return f"{text} {name}" if text and name else None

    return QueryClass(make_query, popular=True)


PARTIAL_TITLE_CLASSES = {
    "joined_in_part": _misspelt_part_with_director(join_words),
    "split_in_part": _misspelt_part_with_director(split_word),
}


def _zero_weights(*names: str) -> dict[str, Any]:
    return {"search.ranking.scorer.WEIGHTS": ranking.WEIGHTS._replace(**dict.fromkeys(names, 0.0))}


PARTS = (
    Part("nothing: all parts"),
    Part("rerank", {"search.retrieval.stage_runner.rank": _keep_engine_order}),
    Part(
        "typos: words a letter or two away",
        {"search.vocabulary.vocabulary.Vocabulary.expand": _return_empty_list},
    ),
    Part("two letters away", {"search.query.typo_budget.MIN_TWO_EDITS_LENGTH": UNREACHABLE_LENGTH}),
    Part("relaxed stage", {"search.retrieval.match_stages.FUZZY_SUFFICIENT": 0.0}),
    Part(
        "n-grams",
        {"search.retrieval.stage_runner.Plan.relaxed": staticmethod(_relaxed_without_ngrams)},
    ),
    Part("full title as one term", {"search.query.plan.full_title_slot": _unmatchable_slot}),
    Part("similarity of full titles", _zero_weights("full_title")),
    Part(
        "joined words (`starwars`)",
        {
            "search.index.document.joined_pairs": _return_empty_list,
            "search.ranking.candidates.joined_pairs": _return_empty_list,
        },
        changes_index=True,
    ),
    Part(
        "split words (`god father`)",
        {
            "search.query.plan.pair_slots": _return_empty_list,
            "search.ranking.word_comparison.joined_pairs": _unmatchable_pairs,
        },
    ),
    Part(
        "numbers in any form (`ii`, `two`, `2`)",
        {
            "text.numerals.to_digits": _return_unchanged,
            "text.numerals.normalize_numerals": _return_unchanged,
            "text.numerals.query_forms": _return_alone,
            "text.numerals.index_forms": _return_alone,
            "text.numerals.equivalent_forms": _return_alone,
        },
        changes_index=True,
    ),
    Part("numbers that must agree", _zero_weights("numbers")),
    Part(
        "sequels by number",
        {"search.retrieval.stage_runner.promote_sequel": lambda query, ranked: ranked},
    ),
    Part("nicknames", {"search.retrieval.engine_search.expand_nicknames": _return_none}),
    Part(
        "abbreviations (`dr`, `bros`)",
        {
            "search.query.slots.abbreviation_counterpart": _return_none,
            "search.ranking.similarity.abbreviation_counterpart": _return_none,
            "search.query.misspelling.abbreviation_counterpart": _return_none,
        },
    ),
    Part(
        "initials (`lotr`)",
        {
            "search.index.document.initials": _return_empty_list,
            "search.ranking.candidates.initials": _return_empty_list,
        },
        changes_index=True,
    ),
    Part(
        "phonetic keys (`moonlite`)",
        {
            "search.query.slots.phonetic_key": lambda word: "",
            "search.ranking.similarity.phonetic_key": lambda word: "",
        },
    ),
    Part(
        "prefixes of words",
        {
            "search.query.slots.LAST_PREFIX_WEIGHTS": {},
            "search.query.slots.PREFIX_EDIT_WEIGHTS": {},
        },
    ),
    Part("misspelt prefixes", {"search.query.slots.PREFIX_EDIT_WEIGHTS": {}}),
    Part(
        "prefixes of titles, except short ones",
        {
            "search.ranking.scorer.PREFIX_FACTOR": 0.0,
            "search.ranking.scorer.FULL_WORDS_PREFIX_FACTOR": 0.0,
            "search.ranking.scorer.MISSPELT_PREFIX_FACTOR": 0.0,
        },
    ),
    Part(
        "prefixes with the same number of words",
        {"search.ranking.scorer.WORD_COUNT_MISMATCH_FACTOR": 1.0},
    ),
    Part("year recognized in the query", {"search.query.parser._find_year": _return_none}),
    Part("neighbouring years", {"search.query.plan.year_slot": _exact_year_slot}),
    Part(
        "noise words (`watch`, `movie`)",
        {"search.query.parser.strip_noise": _return_unchanged},
    ),
    Part(
        "lower weight of stop words",
        {
            "search.query.plan.STOP_WORD_WEIGHT": 1.0,
            "search.ranking.scorer.STOP_WORD_WEIGHT": 1.0,
            "search.ranking.candidates.STOP_WORD_WEIGHT": 1.0,
        },
    ),
    Part("share of the title that is typed", _zero_weights("covered")),
    Part("word order", _zero_weights("order")),
    Part("votes in ranking", _zero_weights("votes", "prefix_votes")),
    Part(
        "votes in the engine",
        {"search.index.document.MAX_POPULARITY_BOOST": 0.0},
        changes_index=True,
    ),
)


def take_per_class(queries: list[JsonObject], per_class: int) -> list[JsonObject]:
    """Return the first `per_class` queries of every class."""
    counts: Counter[str] = Counter()
    selected = []
    for query in queries:
        counts[query["class"]] += 1
        if counts[query["class"]] <= per_class:
            selected.append(query)
    return selected


async def measure_with_fresh_search(
    index: FilmIndex, judge: RelevanceJudge, queries: list[JsonObject]
) -> TalliesByClass:
    """Run all queries through an engine search with an empty film cache."""
    fresh = FilmIndex(
        index.engine, index.vocabulary, EngineSearch(index.engine, index.vocabulary), None
    )
    return await measure_queries(search_with_service(fresh), judge, queries, [])


async def measure_without(
    part: Part, index: FilmIndex, rows: list[Film], judge: RelevanceJudge, queries: list[JsonObject]
) -> TalliesByClass:
    """Run all queries without a part."""
    with part.disabled():
        if not part.changes_index:
            return await measure_with_fresh_search(index, judge, queries)
        async with film_index("tantivy", rows) as other_index:
            return await measure_with_fresh_search(other_index, judge, queries)


def format_line(part: Part, tallies: TalliesByClass, baseline: TalliesByClass) -> str:
    """Return a part's row: the shares without it, and the changes of S@1 in percentage points."""
    totals, baseline_totals = sum_tallies(tallies), sum_tallies(baseline)
    cells = [part.name, totals.format_shares(), tallies[HARD].format_shares()]
    for measured, complete in ((totals, baseline_totals), (tallies[HARD], baseline[HARD])):
        cells.append(
            f"{100 * (measured.first / measured.count - complete.first / complete.count):+.1f}"
        )
    return f"| {' | '.join([*cells, find_largest_loss(tallies, baseline)])} |"


def find_largest_loss(tallies: TalliesByClass, baseline: TalliesByClass) -> str:
    """Return the class that loses most first places, and how many of a hundred."""
    classes = [name for name in tallies if name != HARD]
    changes = {
        k: 100 * (tallies[k].first / tallies[k].count - baseline[k].first / baseline[k].count)
        for k in classes
    }
    worst = min(changes, key=lambda k: changes[k])
    return f"{worst} {changes[worst]:+.1f}" if changes[worst] < 0 else ""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--each", type=int, default=150)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    films = add_people(read_data_file("films.jsonl"))
    if args.seed is None:
        queries = take_per_class(read_data_file("queries.jsonl"), args.each)
    else:
        queries = list(generate_queries(films, args.each, args.seed))
    queries += generate_queries(films, args.each, args.seed or SEED, PARTIAL_TITLE_CLASSES)
    queries += read_curated_queries(films)
    rows = [build_row(film, number) for number, film in enumerate(films, 1)]
    judge = RelevanceJudge(films, [str(film.id) for film in rows])
    print("| without | S@1 / S@10 | hard | S@1 | hard S@1 | largest loss |")
    print("|---|---|---|---|---|---|", flush=True)
    async with film_database("sqlite", rows), film_index("tantivy", rows) as index:
        baseline: TalliesByClass | None = None
        for part in PARTS:
            if baseline is not None and args.only not in part.name:
                continue
            tallies = await measure_without(part, index, rows, judge, queries)
            baseline = baseline or tallies
            print(format_line(part, tallies, baseline), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
