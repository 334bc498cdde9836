"""A query becomes a plan: clauses of exact terms, within stated bounds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.query.slots import Clause, Slot
from service.search.vocabulary.fuzzy_term_index import MAX_NEAR_TERMS
from service.search.vocabulary.vocabulary import Vocabulary

VOCABULARY = Vocabulary()
VOCABULARY.add(["tgodfather", "tgod", "tfather", "jgodfather", "wgodfather", "dspielberg", "tjaws"])
VOCABULARY.add(f"tab{a}{b}d" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklm")
VOCABULARY.merge_pending()


def fuzzy_plan(text: str) -> Plan:
    return Plan.fuzzy(Query.parse(text), VOCABULARY)


def all_slots(plan: Plan) -> list[Slot]:
    group_slots = [slot for group in plan.groups for slot in group.slots]
    return [*group_slots, *plan.optional, *([plan.full_title] if plan.full_title else [])]


def all_clauses(plan: Plan) -> list[Clause]:
    return [clause for slot in all_slots(plan) for clause in slot.clauses]


def test_a_misspelt_word_is_expanded_to_the_word_that_exists() -> None:
    assert Clause("title", ("godfather",), 0.62) in all_clauses(fuzzy_plan("godfahter"))


def test_a_short_name_of_a_director_may_have_a_typo() -> None:
    VOCABULARY.add(["dlee", "dweir"])
    clauses = all_clauses(fuzzy_plan("ang lew")) + all_clauses(fuzzy_plan("peter eir"))
    assert {c.terms for c in clauses if c.field == "director"} >= {("lee",), ("weir",)}


def test_an_exact_plan_needs_no_vocabulary() -> None:
    plan = Plan.exact(Query.parse("the godfather"))
    terms = {term for clause in all_clauses(plan) for term in clause.terms}
    assert terms == {"the", "godfather", "thegodfather"}


def test_split_words_are_searched_as_a_pair_that_counts_as_two() -> None:
    pair = next(slot for slot in all_slots(fuzzy_plan("god father")) if slot.multiplicity == 2)
    assert Clause("title", ("godfather",), 0.85) in pair.clauses


def test_stop_words_and_numbers_do_not_decide_what_is_a_hit() -> None:
    plan = fuzzy_plan("the godfather 2")
    assert plan.groups[0].min_matches == 1
    assert len(plan.optional) == 2


def test_a_query_of_stop_words_alone_requires_them() -> None:
    plan = fuzzy_plan("to the")
    assert plan.groups[0].min_matches == 2
    assert not plan.optional


def test_a_year_has_a_higher_weight_than_its_neighbours() -> None:
    weights = {c.terms: c.weight for c in all_clauses(fuzzy_plan("dune 2021")) if c.field == "year"}
    assert weights[("2021",)] > weights[("2020", "2022")]


def test_years_and_numbers_are_never_expanded() -> None:
    VOCABULARY.add(["t2012", "t2013"])
    terms = {term for clause in all_clauses(fuzzy_plan("2012")) for term in clause.terms}
    assert "2013" not in terms


def test_a_relaxed_plan_accepts_any_word_or_enough_ngrams() -> None:
    plan = Plan.relaxed(Query.parse("godfather zzzzz"), VOCABULARY)
    any_word, ngrams = plan.groups
    assert any_word.min_matches == 1
    assert 0.3 < ngrams.min_matches / len(ngrams.slots) < 0.5


@settings(max_examples=50, deadline=None)
@given(st.text("abcd 2", min_size=1, max_size=200))
def test_the_plan_of_any_text_stays_within_its_bounds(text: str) -> None:
    try:
        query = Query.parse(text)
    except Invalid:
        return
    for plan in (Plan.fuzzy(query, VOCABULARY), Plan.relaxed(query, VOCABULARY)):
        assert len(all_slots(plan)) <= 16 + 15 + 32 + 48 + 1
        for slot in all_slots(plan):
            assert 0 < len(slot.clauses) <= 12
            assert all(0 < len(clause.terms) <= MAX_NEAR_TERMS for clause in slot.clauses)
