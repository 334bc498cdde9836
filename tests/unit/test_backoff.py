"""Waits between attempts: growth, maximum and jitter."""

import pytest

from service.resilience.backoff import MAX_DOUBLINGS, backoff, with_jitter


def test_each_failed_attempt_doubles_the_wait() -> None:
    assert [backoff(attempt, 0.5, jitter=0) for attempt in range(1, 6)] == [0.5, 1, 2, 4, 8]


@pytest.mark.parametrize("attempt", [-1, 0, 1])
def test_before_the_second_failure_the_wait_is_the_initial_one(attempt: int) -> None:
    assert backoff(attempt, 0.5, jitter=0) == 0.5


def test_the_wait_stops_growing_at_the_maximum() -> None:
    assert [backoff(attempt, 1, maximum=5, jitter=0) for attempt in (3, 4, 100)] == [4, 5, 5]


def test_a_huge_number_of_attempts_does_not_overflow() -> None:
    assert backoff(10**6, 1.0, jitter=0) == 2.0**MAX_DOUBLINGS


@pytest.mark.parametrize("jitter", [0.25, 0.5, 1.0])
def test_jitter_varies_the_wait_within_its_share(jitter: float) -> None:
    waits = [backoff(2, 10, jitter=jitter) for _ in range(200)]
    assert all(20 * (1 - jitter) <= wait <= 20 * (1 + jitter) for wait in waits)
    assert len(set(waits)) > 100


def test_jitter_applies_to_the_maximum_too() -> None:
    waits = [backoff(100, 1, maximum=10, jitter=0.5) for _ in range(200)]
    assert max(waits) > 10
    assert all(5 <= wait <= 15 for wait in waits)


def test_a_wait_without_jitter_is_unchanged() -> None:
    assert with_jitter(3.0, 0) == 3.0
