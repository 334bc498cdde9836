"""Where words are looked for, and what that asks of an engine."""

import pytest

from service.search.query.fields import (
    DEFAULT_FIELDS,
    NAME_EDIT_WEIGHT,
    NAME_WEIGHT,
    SearchFields,
    ranking_texts,
    restrict_plan,
)
from service.search.query.parser import Query
from service.search.query.plan import Clause, Plan
from service.search.ranking.candidates import Candidate
from service.search.ranking.scorer import rank
from service.search.vocabulary.vocabulary import Vocabulary

WORDS = ["tjaws", "wjaws", "dspielberg", "sbenchley", "sgottlieb", "cshaw", "cscheider"]
TITLE_AND_WRITER: SearchFields = frozenset({"title", "writer"})


@pytest.fixture
def vocabulary() -> Vocabulary:
    known = Vocabulary()
    known.add(WORDS)
    return known


def clauses(plan: Plan) -> list[Clause]:
    slots = [slot for group in plan.groups for slot in group.slots] + [*plan.optional]
    return [clause for slot in slots for clause in slot.clauses]


def made(text: str, scope: SearchFields, vocabulary: Vocabulary, typos: bool = True) -> Plan:
    query = Query.parse(text)
    plan = Plan.fuzzy(query, vocabulary) if typos else Plan.exact(query)
    return restrict_plan(plan, scope, vocabulary, typos=typos)


def test_titles_and_directors_are_looked_for_as_if_no_other_names_were_there(
    vocabulary: Vocabulary,
) -> None:
    without = Vocabulary()
    without.add(word for word in WORDS if word[0] not in "cs")
    for typed in ("jaws benchley", "benchly", "shwa", "jaws spilberg", "gottleib jaws"):
        plan = Plan.fuzzy(Query.parse(typed), vocabulary)
        assert plan == Plan.fuzzy(Query.parse(typed), without)
        assert restrict_plan(plan, DEFAULT_FIELDS, vocabulary, typos=True) == plan


def test_a_writer_is_worth_what_the_cast_is_and_less_than_a_title(vocabulary: Vocabulary) -> None:
    found = clauses(made("benchley shaw", frozenset({"writer", "cast"}), vocabulary))
    assert Clause("writer", ("benchley",), NAME_WEIGHT) in found
    assert Clause("cast", ("shaw",), NAME_WEIGHT) in found
    assert NAME_EDIT_WEIGHT < NAME_WEIGHT < 1.0


def test_an_engine_is_not_asked_for_what_no_writer_is_called(vocabulary: Vocabulary) -> None:
    found = clauses(made("jaws spielberg benchley", TITLE_AND_WRITER, vocabulary))
    assert [clause.terms for clause in found if clause.field == "writer"] == [("benchley",)]
    assert made("spielberg", frozenset({"writer"}), vocabulary, typos=False).matches_nothing
    assert made("benchley xyzzy", frozenset({"writer"}), vocabulary, typos=False).matches_nothing


def test_before_any_writer_is_known_an_engine_is_asked_for_every_word() -> None:
    found = clauses(made("benchley", frozenset({"writer"}), Vocabulary()))
    assert Clause("writer", ("benchley",), NAME_WEIGHT) in found


def test_a_writers_name_may_have_a_letter_off_unless_typos_are_off(vocabulary: Vocabulary) -> None:
    expected = Clause("writer", ("gottlieb",), NAME_EDIT_WEIGHT)
    assert expected in clauses(made("jaws gottleib", TITLE_AND_WRITER, vocabulary))
    plan = made("jaws gottleib", TITLE_AND_WRITER, vocabulary, typos=False)
    assert "writer" not in {clause.field for clause in clauses(plan)}


def candidate(
    number: int, scope: SearchFields, title: str, votes: int, **people: list[str]
) -> Candidate:
    lists: dict[str, list[str]] = {"directors": [], "writers": [], "actors": []} | people
    texts = ranking_texts(scope, titles=[title], **lists)
    return Candidate.from_facts(film_id=str(number), version=1, year=1975, votes=votes, **texts)


def test_a_film_that_is_called_so_comes_before_one_that_was_written_by_such_a_name() -> None:
    everywhere: SearchFields = frozenset({"title", "director", "cast", "writer"})
    films = [
        candidate(1, everywhere, "The Shining", 900_000, writers=["Stephen King"]),
        candidate(2, everywhere, "King", 10),
    ]
    assert [r.candidate.film_id for r in rank(Query.parse("king"), films)] == ["2", "1"]


def test_who_wrote_and_directed_is_one_name() -> None:
    texts = ranking_texts(
        frozenset({"director", "writer"}),
        titles=["Twins"],
        directors=["Joel Coen"],
        writers=["Ethan Coen", "Joel Coen"],
        actors=[],
    )
    assert (texts["title"], texts["aliases"]) == ("Joel Coen", ["Ethan Coen"])
