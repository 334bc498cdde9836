"""The fields that a search looks at, and what they change in a plan."""

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
from service.search.query.plan import Plan
from service.search.query.slots import Clause
from service.search.ranking.candidates import Candidate
from service.search.ranking.scorer import rank
from service.search.vocabulary.vocabulary import Vocabulary

WORDS = ["tjaws", "wjaws", "dspielberg", "sbenchley", "sgottlieb", "cshaw", "cscheider"]
TITLE_AND_WRITER: SearchFields = frozenset({"title", "writer"})


@pytest.fixture
def vocabulary() -> Vocabulary:
    vocabulary = Vocabulary()
    vocabulary.add(WORDS)
    return vocabulary


def clauses(plan: Plan) -> list[Clause]:
    slots = [slot for group in plan.groups for slot in group.slots] + [*plan.optional]
    return [clause for slot in slots for clause in slot.clauses]


def restricted_plan(
    text: str, fields: SearchFields, vocabulary: Vocabulary, typos: bool = True
) -> Plan:
    query = Query.parse(text)
    plan = Plan.fuzzy(query, vocabulary) if typos else Plan.exact(query)
    return restrict_plan(plan, fields, vocabulary, typos=typos)


def test_a_search_of_titles_and_directors_ignores_other_names(
    vocabulary: Vocabulary,
) -> None:
    without_names = Vocabulary()
    without_names.add(word for word in WORDS if word[0] not in "cs")
    for text in ("jaws benchley", "benchly", "shwa", "jaws spilberg", "gottleib jaws"):
        plan = Plan.fuzzy(Query.parse(text), vocabulary)
        assert plan == Plan.fuzzy(Query.parse(text), without_names)
        assert restrict_plan(plan, DEFAULT_FIELDS, vocabulary, typos=True) == plan


def test_writers_and_cast_have_the_same_weight_below_that_of_a_title(
    vocabulary: Vocabulary,
) -> None:
    plan_clauses = clauses(
        restricted_plan("benchley shaw", frozenset({"writer", "cast"}), vocabulary)
    )
    assert Clause("writer", ("benchley",), NAME_WEIGHT) in plan_clauses
    assert Clause("cast", ("shaw",), NAME_WEIGHT) in plan_clauses
    assert NAME_EDIT_WEIGHT < NAME_WEIGHT < 1.0


def test_a_word_that_no_writer_has_is_not_searched(vocabulary: Vocabulary) -> None:
    plan_clauses = clauses(restricted_plan("jaws spielberg benchley", TITLE_AND_WRITER, vocabulary))
    assert [clause.terms for clause in plan_clauses if clause.field == "writer"] == [("benchley",)]
    assert restricted_plan(
        "spielberg", frozenset({"writer"}), vocabulary, typos=False
    ).matches_nothing
    assert restricted_plan(
        "benchley xyzzy", frozenset({"writer"}), vocabulary, typos=False
    ).matches_nothing


def test_before_any_writer_is_known_every_word_is_searched() -> None:
    plan_clauses = clauses(restricted_plan("benchley", frozenset({"writer"}), Vocabulary()))
    assert Clause("writer", ("benchley",), NAME_WEIGHT) in plan_clauses


def test_a_writers_name_may_have_a_typo_unless_typos_are_off(vocabulary: Vocabulary) -> None:
    expected = Clause("writer", ("gottlieb",), NAME_EDIT_WEIGHT)
    assert expected in clauses(restricted_plan("jaws gottleib", TITLE_AND_WRITER, vocabulary))
    plan = restricted_plan("jaws gottleib", TITLE_AND_WRITER, vocabulary, typos=False)
    assert "writer" not in {clause.field for clause in clauses(plan)}


def candidate(
    number: int, fields: SearchFields, title: str, votes: int, **people: list[str]
) -> Candidate:
    lists: dict[str, list[str]] = {"directors": [], "writers": [], "actors": []} | people
    texts = ranking_texts(fields, titles=[title], **lists)
    return Candidate.from_facts(film_id=str(number), version=1, year=1975, votes=votes, **texts)


def test_a_title_comes_before_a_film_whose_writer_has_that_name() -> None:
    all_fields: SearchFields = frozenset({"title", "director", "cast", "writer"})
    films = [
        candidate(1, all_fields, "The Shining", 900_000, writers=["Stephen King"]),
        candidate(2, all_fields, "King", 10),
    ]
    assert [r.candidate.film_id for r in rank(Query.parse("king"), films)] == ["2", "1"]


def test_a_person_who_wrote_and_directed_is_one_name() -> None:
    texts = ranking_texts(
        frozenset({"director", "writer"}),
        titles=["Twins"],
        directors=["Joel Coen"],
        writers=["Ethan Coen", "Joel Coen"],
        actors=[],
    )
    assert (texts["title"], texts["aliases"]) == ("Joel Coen", ["Ethan Coen"])
