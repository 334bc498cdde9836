"""A budget of work for each request, so that no query occupies a process for long.

Work is counted in units of about a microsecond on an ordinary machine. They are estimated from what
is to be done and not measured: a busy machine then answers as an idle one does, and all pages of a
list come from the same plan. What a budget does not allow is left out, and the answer says so.
"""

import time
from collections.abc import Callable
from typing import Literal

WorkKind = Literal["typos", "similar_words", "ranking", "matches", "results"]
"""What may be left out: other spellings, similar words, reranking, matched ranges, results."""


class WorkBudget:
    """The work that a request, or a part of it, may still cause.

    Args:
        units: how much.
        seconds: the time for all of it, for requests that would otherwise be answered too late.
        within: the budget of the whole request, which pays for this part as well.
        clock: monotonic seconds.

    Attributes:
        left_out: what the budget did not allow.
        pause: called at every checkpoint; code that runs the work in a thread replaces it.
    """

    def __init__(
        self,
        units: float,
        seconds: float | None = None,
        within: "WorkBudget | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._units = units
        self._spent = 0.0
        self._within = within
        self._clock = clock
        self._deadline = None if seconds is None else clock() + seconds
        self.left_out: set[WorkKind] = set()
        self.pause: Callable[[], None] | None = None

    @property
    def request(self) -> "WorkBudget":
        """The budget of the whole request."""
        return self if self._within is None else self._within.request

    @property
    def spent(self) -> float:
        """The units of work that this budget paid for."""
        return self._spent

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left, or it is too late for anything more."""
        return not self.allows(0)

    @property
    def is_late(self) -> bool:
        """Whether the time is over, of this part or of the whole request."""
        if self._deadline is not None and self._clock() > self._deadline:
            return True
        return self._within is not None and self._within.is_late

    def charge(self, units: float) -> None:
        """Charge work that is done in any case; the budget may be overdrawn by it."""
        self._spent += units
        if self._within is not None:
            self._within.charge(units)

    def spend(self, kind: WorkKind, units: float) -> bool:
        """Charge work if the budget allows it; else note that it is left out."""
        if not self.allows(units):
            self.left_out.add(kind)
            return False
        self.charge(units)
        return True

    def checkpoint(self) -> None:
        """Let other requests go first, if somebody wants that; call it about every millisecond."""
        if self.pause is not None:
            self.pause()

    def allows(self, units: float) -> bool:
        """Return whether so much work could be charged now."""
        left = self._units - self._spent
        if left <= 0 or units > left or self.is_late:
            return False
        return self._within is None or self._within.allows(units)
