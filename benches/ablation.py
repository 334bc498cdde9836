"""What each part of search is worth: it is left out, and the same queries are asked again.

A part that earns nothing by this is not worth its lines. The kept queries and those made by hand
are asked of the product's own finder on tantivy, and two more classes, without which nobody would
miss the pairs of words: parts of titles beside a director, with two words run together or one
split. A part that shapes the index has it built again without it. The table is Markdown.

    python -m benches.ablation [--seed 7] [--each 150] [--only WORD]

With a seed a fresh set is asked instead of the kept one; `--each` is how many of a class are asked
at most, `--only` keeps the parts whose name has the word.
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

from benches.films import Facts, Indexed, Judge, films_in, indexed, read, row
from benches.hard import CLASS as HARD
from benches.hard import hard
from benches.queries import Class, generate, run_together, split, surname, without_a_word
from benches.search import Tallies, found_by, measured, summed
from service.films.models import Film
from service.search.query.parser import Query
from service.search.query.plan import Clause, Plan, Slot
from service.search.ranking import scorer as ranking
from service.search.ranking.candidates import Candidate
from service.search.ranking.scorer import Ranked
from service.search.retrieval.engine_search import EngineSearch
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import tokenize

NEVER = 1_000  # letters that no word has
SEED = 1  # of the classes beside the kept ones


def _unranked(query: Query, candidates: Sequence[Candidate]) -> list[Ranked]:
    """As the engine has them, though what they explain still decides whether to look further."""
    place = {candidate.film_id: at for at, candidate in enumerate(candidates)}
    ranked = ranking.rank(query, candidates)
    return sorted(ranked, key=lambda r: place[r.candidate.film_id])


def _one_year(word: str) -> Slot:
    """Return the year itself, and none beside it."""
    return Slot((Clause("title", (word,), 1.0), Clause("year", (word,), 0.9)))


def _without_pieces(query: Query, vocabulary: Vocabulary) -> Plan:
    plan = _loose(query, vocabulary)
    return Plan(plan.groups[:1], plan.optional, plan.full_title)


_loose = Plan.relaxed


def _no_title(*_: Any) -> Slot:
    """Return a slot that no film matches."""
    return Slot((Clause("whole", ("\N{BULLET}",), 1.0),))


def _apart(words: list[str]) -> list[str]:
    """As many pairs as there are, none of which is a word."""
    return ["\N{BULLET}"] * (len(words) - 1)


def _nothing(*_: Any, **__: Any) -> Any:
    return []


def _none(*_: Any, **__: Any) -> None:
    return None


def _itself(text: Any, *_: Any) -> Any:
    return text


def _alone(word: str) -> tuple[str, ...]:
    return (word,)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of search, and what stands in its places when it is left out, by dotted names.

    `shapes` says that the index is another one without it.
    """

    name: str
    without: Mapping[str, Any] = field(default_factory=dict)
    shapes: bool = False

    @contextlib.contextmanager
    def left_out(self) -> Iterator[None]:
        """Search without this part, for a while."""
        with contextlib.ExitStack() as stack:
            for place, other in self.without.items():
                stack.enter_context(patch(f"service.{place}", other))
            yield


def _in_part(spoil: Callable[[random.Random, str], str | None]) -> Class:
    """Return a misspeller: a title without one of its words, misspelt, and the director."""

    def spoilt(rng: random.Random, film: Facts) -> str | None:
        name = surname(rng, film)
        part = without_a_word(rng, " ".join(tokenize(film["title"])))
        text = spoil(rng, part) if part else None
        return f"{text} {name}" if text and name else None

    return Class(spoilt, popular=True)


IN_PART = {"joined_in_part": _in_part(run_together), "split_in_part": _in_part(split)}


def _unweighted(*names: str) -> dict[str, Any]:
    return {"search.ranking.scorer.WEIGHTS": ranking.WEIGHTS._replace(**dict.fromkeys(names, 0.0))}


PARTS = (
    Part("nothing: the whole"),
    Part("the second look (rank)", {"search.retrieval.engine_search.rank": _unranked}),
    Part(
        "typos: words a letter or two away",
        {"search.vocabulary.vocabulary.Vocabulary.expand": _nothing},
    ),
    Part("two letters away", {"search.query.typo_budget.MIN_TWO_EDITS_LENGTH": NEVER}),
    Part("the loose rung", {"search.retrieval.engine_search.FUZZY_SUFFICIENT": 0.0}),
    Part(
        "pieces of words (grams)",
        {"search.retrieval.engine_search.Plan.relaxed": staticmethod(_without_pieces)},
    ),
    Part("the whole title as one word", {"search.query.plan._full_title_slot": _no_title}),
    Part("likeness of whole titles", _unweighted("full_title")),
    Part(
        "words run together (`starwars`)",
        {
            "search.index.document.joined_pairs": _nothing,
            "search.ranking.candidates.joined_pairs": _nothing,
        },
        shapes=True,
    ),
    Part(
        "words split (`god father`)",
        {"search.query.plan._pair_slots": _nothing, "search.ranking.scorer.joined_pairs": _apart},
    ),
    Part(
        "numbers in any form (`ii`, `two`, `2`)",
        {
            "text.numerals.to_digits": _itself,
            "text.numerals.normalize_numerals": _itself,
            "text.numerals.query_forms": _alone,
            "text.numerals.index_forms": _alone,
            "text.numerals.equivalent_forms": _alone,
        },
        shapes=True,
    ),
    Part("numbers that must agree", _unweighted("numbers")),
    Part(
        "films of a series counted",
        {"search.retrieval.engine_search.promote_sequel": lambda query, ranked: ranked},
    ),
    Part("nicknames", {"search.retrieval.engine_search.expand_nicknames": _none}),
    Part(
        "abbreviations (`dr`, `bros`)",
        {
            "search.query.plan.abbreviation_counterpart": _none,
            "search.ranking.similarity.abbreviation_counterpart": _none,
            "search.query.misspelling.abbreviation_counterpart": _none,
        },
    ),
    Part(
        "initials (`lotr`)",
        {
            "search.index.document.initials": _nothing,
            "search.ranking.candidates.initials": _nothing,
        },
        shapes=True,
    ),
    Part(
        "sounds (`moonlite`)",
        {
            "search.query.plan.phonetic_key": lambda word: "",
            "search.ranking.similarity.phonetic_key": lambda word: "",
        },
    ),
    Part(
        "beginnings of words",
        {"search.query.plan.LAST_PREFIX_WEIGHTS": {}, "search.query.plan.PREFIX_EDIT_WEIGHTS": {}},
    ),
    Part("misspelt beginnings", {"search.query.plan.PREFIX_EDIT_WEIGHTS": {}}),
    Part(
        "beginnings of titles apart from short titles",
        {
            "search.ranking.scorer.PREFIX_FACTOR": 0.0,
            "search.ranking.scorer.FULL_WORDS_PREFIX_FACTOR": 0.0,
            "search.ranking.scorer.MISSPELT_PREFIX_FACTOR": 0.0,
        },
    ),
    Part(
        "beginnings that keep words apart",
        {"search.ranking.scorer.WORD_COUNT_MISMATCH_FACTOR": 1.0},
    ),
    Part("the year, understood", {"search.query.parser._find_year": _none}),
    Part("years beside the one typed", {"search.query.plan._year_slot": _one_year}),
    Part(
        "words around titles (`watch`, `movie`)",
        {"search.query.parser._strip_noise": _itself},
    ),
    Part(
        "small words that count less",
        {
            "search.query.plan.STOP_WORD_WEIGHT": 1.0,
            "search.ranking.scorer.STOP_WORD_WEIGHT": 1.0,
            "search.ranking.candidates.STOP_WORD_WEIGHT": 1.0,
        },
    ),
    Part("how much of a title is asked for", _unweighted("covered")),
    Part("word order", _unweighted("order")),
    Part("votes in ranking", _unweighted("votes", "prefix_votes")),
    Part("votes in the engine", {"search.index.document.MAX_POPULARITY_BOOST": 0.0}, shapes=True),
)


def some(queries: list[Facts], each: int) -> list[Facts]:
    """Return the first ones of every class."""
    seen: Counter[str] = Counter()
    chosen = []
    for query in queries:
        seen[query["class"]] += 1
        if seen[query["class"]] <= each:
            chosen.append(query)
    return chosen


async def asked(index: Indexed, judge: Judge, queries: list[Facts]) -> Tallies:
    """All queries, of a finder that has not prepared any film yet."""
    fresh = Indexed(
        index.engine, index.vocabulary, EngineSearch(index.engine, index.vocabulary), None
    )
    return await measured(found_by(fresh), judge, queries, [])


async def without(
    part: Part, index: Indexed, rows: list[Film], judge: Judge, queries: list[Facts]
) -> Tallies:
    """Return what is found without a part."""
    with part.left_out():
        if not part.shapes:
            return await asked(index, judge, queries)
        async with indexed("tantivy", rows) as other:
            return await asked(other, judge, queries)


def line(part: Part, tallies: Tallies, whole: Tallies) -> str:
    """Return a part's row: the shares without it, and by how much each first place is rarer."""
    here, there = summed(tallies), summed(whole)
    cells = [part.name, here.shares(), tallies[HARD].shares()]
    for mine, all_ in ((here, there), (tallies[HARD], whole[HARD])):
        cells.append(f"{100 * (mine.first / mine.asked - all_.first / all_.asked):+.1f}")
    return f"| {' | '.join([*cells, most_lost(tallies, whole)])} |"


def most_lost(tallies: Tallies, whole: Tallies) -> str:
    """Return the class that loses most first places, and how many of a hundred."""
    kinds = [kind for kind in tallies if kind != HARD]
    lost = {
        k: 100 * (tallies[k].first / tallies[k].asked - whole[k].first / whole[k].asked)
        for k in kinds
    }
    kind = min(lost, key=lambda k: lost[k])
    return f"{kind} {lost[kind]:+.1f}" if lost[kind] < 0 else ""


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int)
    options.add_argument("--each", type=int, default=150)
    options.add_argument("--only", default="")
    chosen = options.parse_args()
    films = read("films.jsonl")
    if chosen.seed is None:
        queries = some(read("queries.jsonl"), chosen.each)
    else:
        queries = list(generate(films, chosen.each, chosen.seed))
    queries += generate(films, chosen.each, chosen.seed or SEED, IN_PART)
    queries += hard(films)
    rows = [row(film, number) for number, film in enumerate(films, 1)]
    judge = Judge(films, [str(film.id) for film in rows])
    print("| without | S@1 / S@10 | hard | S@1 | hard S@1 | most by class |")
    print("|---|---|---|---|---|---|", flush=True)
    async with films_in("sqlite", rows), indexed("tantivy", rows) as index:
        whole: Tallies | None = None
        for part in PARTS:
            if whole is not None and chosen.only not in part.name:
                continue
            tallies = await without(part, index, rows, judge, queries)
            whole = whole or tallies
            print(line(part, tallies, whole), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
