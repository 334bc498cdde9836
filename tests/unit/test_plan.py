"""What a query asks of an engine: clauses of exact terms, within stated bounds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.query.parser import Query
from service.search.query.plan import Clause, Plan, Slot
from service.search.vocabulary.fuzzy_term_index import MAX_NEAR_TERMS
from service.search.vocabulary.vocabulary import Vocabulary

VOCABULARY = Vocabulary()
VOCABULARY.add(["tgodfather", "tgod", "tfather", "jgodfather", "wgodfather", "dspielberg", "tjaws"])
VOCABULARY.add(f"tab{a}{b}d" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklm")
VOCABULARY.merge_pending()


def plan(text: str) -> Plan:
    return Plan.fuzzy(Query.parse(text), VOCABULARY)


def slots(made: Plan) -> list[Slot]:
    found = [slot for group in made.groups for slot in group.slots]
    return [*found, *made.optional, *([made.full_title] if made.full_title else [])]


def clauses(made: Plan) -> list[Clause]:
    return [clause for slot in slots(made) for clause in slot.clauses]


def test_a_misspelt_word_asks_for_the_word_that_exists() -> None:
    assert Clause("title", ("godfather",), 0.62) in clauses(plan("godfahter"))


def test_a_short_name_of_a_director_may_have_a_letter_off() -> None:
    VOCABULARY.add(["dlee", "dweir"])
    made = clauses(plan("ang lew")) + clauses(plan("peter eir"))
    assert {c.terms for c in made if c.field == "director"} >= {("lee",), ("weir",)}


def test_a_well_spelt_plan_needs_no_vocabulary() -> None:
    made = Plan.exact(Query.parse("the godfather"))
    terms = {term for clause in clauses(made) for term in clause.terms}
    assert terms == {"the", "godfather", "thegodfather"}


def test_split_words_are_looked_for_together_and_count_as_two() -> None:
    pair = next(slot for slot in slots(plan("god father")) if slot.multiplicity == 2)
    assert Clause("title", ("godfather",), 0.85) in pair.clauses


def test_stop_words_and_numbers_do_not_decide_what_is_a_hit() -> None:
    made = plan("the godfather 2")
    assert made.groups[0].min_matches == 1
    assert len(made.optional) == 2


def test_a_query_of_stop_words_alone_needs_them() -> None:
    made = plan("to the")
    assert made.groups[0].min_matches == 2
    assert not made.optional


def test_a_year_is_worth_more_than_its_neighbours() -> None:
    year = {c.terms: c.weight for c in clauses(plan("dune 2021")) if c.field == "year"}
    assert year[("2021",)] > year[("2020", "2022")]


def test_years_and_numbers_are_never_guessed() -> None:
    VOCABULARY.add(["t2012", "t2013"])
    terms = {term for clause in clauses(plan("2012")) for term in clause.terms}
    assert "2013" not in terms


def test_a_loosened_plan_takes_any_word_or_enough_pieces() -> None:
    made = Plan.relaxed(Query.parse("godfather zzzzz"), VOCABULARY)
    words, pieces = made.groups
    assert words.min_matches == 1
    assert 0.3 < pieces.min_matches / len(pieces.slots) < 0.5


@settings(max_examples=50, deadline=None)
@given(st.text("abcd 2", min_size=1, max_size=200))
def test_whatever_is_typed_the_plan_stays_within_its_bounds(text: str) -> None:
    try:
        query = Query.parse(text)
    except Invalid:
        return
    for made in (Plan.fuzzy(query, VOCABULARY), Plan.relaxed(query, VOCABULARY)):
        assert len(slots(made)) <= 16 + 15 + 32 + 48 + 1
        for slot in slots(made):
            assert 0 < len(slot.clauses) <= 12
            assert all(0 < len(clause.terms) <= MAX_NEAR_TERMS for clause in slot.clauses)
