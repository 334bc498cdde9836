"""The circuit breaker: when it opens, whom it lets through, and when it closes."""

import pytest

from service.resilience.circuit_breaker import CircuitBreaker

RESET = 30.0


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(3, RESET, clock)


def _open(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        breaker.record_failure()


def test_a_new_breaker_is_closed(breaker: CircuitBreaker) -> None:
    assert not breaker.is_open
    assert breaker.wait_time() == 0


def test_fewer_failures_than_the_threshold_leave_it_closed(breaker: CircuitBreaker) -> None:
    breaker.record_failure()
    breaker.record_failure()
    assert not breaker.is_open
    assert [breaker.wait_time() for _ in range(3)] == [0, 0, 0]


def test_consecutive_failures_open_it_for_the_reset_time(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    _open(breaker)
    assert breaker.is_open
    assert breaker.wait_time() == RESET
    clock.time += 10
    assert breaker.wait_time() == RESET - 10


def test_a_success_in_between_starts_the_count_again(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        breaker.record_failure()
        breaker.record_failure()
        breaker.record_success()
    assert not breaker.is_open


def test_after_the_reset_time_one_caller_probes_and_the_others_wait(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    _open(breaker)
    clock.time += RESET
    assert breaker.wait_time() == 0
    assert breaker.wait_time() == RESET
    assert breaker.is_open


def test_a_probe_that_succeeds_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    _open(breaker)
    clock.time += RESET
    assert breaker.wait_time() == 0
    breaker.record_success()
    assert not breaker.is_open
    assert [breaker.wait_time() for _ in range(3)] == [0, 0, 0]


def test_a_probe_that_fails_opens_it_for_another_reset_time(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    _open(breaker)
    clock.time += RESET
    assert breaker.wait_time() == 0
    clock.time += 2
    breaker.record_failure()
    assert breaker.wait_time() == RESET
    clock.time += RESET
    assert breaker.wait_time() == 0


def test_a_probe_that_reports_nothing_is_followed_by_another(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    _open(breaker)
    for _ in range(3):
        clock.time += RESET
        assert breaker.wait_time() == 0
