"""The three ways in which a poster fails, each with its own consequence.

A poster that is not there is looked for again after days, one that is no picture never, and one
whose host or store stumbled soon. The reasons are shown with the film, so they name no secret.
"""


class PosterError(Exception):
    """Why there is no poster.

    Args:
        reason: a short clause for people, at most 200 characters.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:200]


class PosterMissing(PosterError):
    """The source has no poster at that address."""


class PosterRejected(PosterError):
    """What is there must not or cannot be shown; looking again does not help."""


class PosterTemporarilyUnavailable(PosterError):
    """Something failed that may work later.

    Args:
        retry_after: seconds for which the source asked to be left alone.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
