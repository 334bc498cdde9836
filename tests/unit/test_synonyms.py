"""Nicknames of films and what they stand for."""

from service.search.query.parser import Query
from service.search.query.synonyms import expand_nicknames


def test_nicknames_are_expanded() -> None:
    expanded = expand_nicknames(Query.parse("t2 judgment day"))
    assert expanded is not None
    assert expanded.words == ("terminator", "2", "judgment", "day")
    assert expand_nicknames(Query.parse("jaws")) is None
