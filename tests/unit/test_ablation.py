"""The ablation benchmark: parts of search are left out by name and restored afterwards."""

import pytest

from benches.ablation import PARTS, Part
from service.search.query import plan
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.search.vocabulary.vocabulary import Vocabulary
from service.text import numerals


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_that_can_be_left_out_exists(part: Part) -> None:
    vocabulary = Vocabulary()
    vocabulary.add(["tgodfather", "wgodfather2"])
    with part.disabled():  # fails if a name does not exist or its substitute does not fit
        query = Query.parse("the godfahter 2")
        assert Plan.fuzzy(query, vocabulary).groups
        assert Plan.relaxed(query, vocabulary).groups


def test_a_part_is_restored_afterwards() -> None:
    (numbers,) = (part for part in PARTS if part.name.startswith("numbers in any form"))
    with numbers.disabled():
        assert plan.numerals.to_digits("two") == "two"
    assert numerals.to_digits("two") == "2"
