"""Answers that are kept as they were sent."""

from service.cache.ready_answers import (
    MAX_AGE,
    MAX_BYTES,
    MAX_KEY_LENGTH,
    ReadyAnswer,
    ReadyAnswers,
)

KEY = ("GET", "/api/v1/search", "q=jaws", "gzip")
ANSWER = ReadyAnswer(1, {"Vary": "Accept-Encoding"}, b"{}")


def test_an_answer_is_found_by_exactly_what_was_asked() -> None:
    answers = ReadyAnswers()
    answers.put(KEY, ANSWER)
    assert answers.get(KEY) is ANSWER
    assert answers.get((*KEY[:2], "q=Jaws", "gzip")) is None
    assert answers.get((*KEY[:3], "br")) is None


def test_an_answer_is_forgotten_after_its_time() -> None:
    now = [0.0]
    answers = ReadyAnswers(lambda: now[0])
    answers.put(KEY, ANSWER)
    now[0] = MAX_AGE - 0.1
    assert answers.get(KEY) is ANSWER
    now[0] = MAX_AGE + 0.1
    assert answers.get(KEY) is None


def test_answers_that_are_cleared_are_forgotten() -> None:
    answers = ReadyAnswers()
    answers.put(KEY, ANSWER)
    answers.clear()
    assert answers.get(KEY) is None


def test_the_answers_together_are_bounded_and_a_large_one_is_not_kept() -> None:
    answers, body = ReadyAnswers(), bytes(MAX_BYTES // 20)
    keys = [(*KEY[:2], f"q={number}", "gzip") for number in range(30)]
    for key in keys:
        answers.put(key, ReadyAnswer(1, {}, body))
    kept = [key for key in keys if answers.get(key)]
    assert kept == keys[-len(kept) :]
    assert 10 <= len(kept) < 20
    answers.put(KEY, ReadyAnswer(1, {}, bytes(MAX_BYTES // 16)))
    assert answers.get(KEY) is None


def test_an_answer_to_a_long_query_is_not_kept() -> None:
    answers, key = ReadyAnswers(), (*KEY[:2], "q=" + "a" * MAX_KEY_LENGTH, "gzip")
    answers.put(key, ANSWER)
    assert answers.get(key) is None
