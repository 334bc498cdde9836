"""The three ways in which a poster can fail; each one decides when to try again.

A missing poster is looked for again after days, a rejected one never, and one whose host or store
failed soon. The reasons are shown with the film, so they contain no secret.
"""


class PosterError(Exception):
    """The film gets no poster.

    Args:
        reason: a short clause for people, cut to 200 characters.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:200]


class PosterMissing(PosterError):
    """The source has no poster at that address."""


class PosterRejected(PosterError):
    """The address or the image is not acceptable; retrying cannot help."""


class PosterUnavailable(PosterError):
    """Something failed that may work later.

    Args:
        retry_after: the seconds for which the source asks not to be called.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
