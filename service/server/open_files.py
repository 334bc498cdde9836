"""The number of files and connections that a process may have open."""

import contextlib
import resource


def raise_open_files_limit() -> None:
    """Raise the limit to what the system allows; many shells begin with 256 or 1,024.

    Some systems allow less than they say; then the limit stays.
    """
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
