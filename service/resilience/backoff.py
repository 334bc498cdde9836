"""Growing, jittered waits between attempts, so that callers in trouble do not retry in step."""

import random

_random = random.SystemRandom()
MAX_DOUBLINGS = 30  # beyond it every wait is the maximum anyway


def backoff(
    attempt: int, initial: float, maximum: float = float("inf"), jitter: float = 0.25
) -> float:
    """Return the wait before the next attempt, in the unit of `initial`.

    Args:
        attempt: the number of attempts that failed so far; 1 gives `initial`, each more doubles it.
        initial: the first wait.
        maximum: the longest wait, before jitter.
        jitter: the share by which the wait varies in both directions, 0 to 1.
    """
    wait = min(maximum, initial * 2 ** min(max(0, attempt - 1), MAX_DOUBLINGS))
    return with_jitter(wait, jitter)


def with_jitter(wait: float, jitter: float = 0.25) -> float:
    """Return `wait`, varied at random by the share `jitter` in both directions."""
    return wait * _random.uniform(1 - jitter, 1 + jitter)
