"""Parse file names in a process of its own: one JSON string a line in, one JSON object a line out.

guessit's rules take half a second for some names of 250 characters, and hold the interpreter all
the while.
"""

from dataclasses import asdict

from service.resilience.line_worker import run_worker
from service.search.filenames.parser import parse_name

FIRST_NAME = "Warm.Up.2000.mkv"  # for it guessit loads its rules: a second or more


def answer(name: str) -> object:
    """Return what the name says, as an object."""
    return asdict(parse_name(name))


if __name__ == "__main__":
    run_worker(answer, FIRST_NAME)
