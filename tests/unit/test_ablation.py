"""The parts of search that a measurement leaves out in turn are there, and come back."""

import pytest

from benches.ablation import PARTS, Part
from service.search.query import plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.vocabulary.vocabulary import Vocabulary
from service.text import numerals


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_that_is_left_out_exists(part: Part) -> None:
    vocabulary = Vocabulary()
    vocabulary.add(["tgodfather", "wgodfather2"])
    with part.left_out():  # fails where a name of it is gone, or what it is asked for is missing
        query = Query.parse("the godfahter 2")
        assert Plan.fuzzy(query, vocabulary).groups
        assert Plan.relaxed(query, vocabulary).groups


def test_a_part_is_left_out_only_for_a_while() -> None:
    (numbers,) = (part for part in PARTS if part.name.startswith("numbers in any form"))
    with numbers.left_out():
        assert plan.numerals.to_digits("two") == "two"
    assert numerals.to_digits("two") == "2"
