"""How long a failed change waits in the outbox before the next attempt."""

from service.resilience.backoff import backoff

INITIAL_RETRY_DELAY_MS = 500  # before the second attempt; doubles with each, jittered
MAX_RETRY_DELAY_MS = 15_000  # half of the time in which the index must catch up after an outage


def retry_delay_ms(attempts: int) -> int:
    """Return the milliseconds before the next attempt, after this many failed ones."""
    return int(backoff(attempts, INITIAL_RETRY_DELAY_MS, MAX_RETRY_DELAY_MS))
