"""Estimate how hard passwords are to guess, in a process of its own.

zxcvbn takes a quarter of a second for the worst passwords, and holds the interpreter all the while.
One JSON list `[password, words]` a line in, one JSON list `[score, reasons]` a line out.
"""

import json
import os
import sys
from contextlib import suppress
from typing import TextIO

from zxcvbn_rs_py import zxcvbn

NICENESS = 5  # requests go first


def estimate_strength(password: str, words: list[str]) -> tuple[int, list[str]]:
    """Return the score, 0 to 4, and sentences that say why it is not higher."""
    result = zxcvbn(password, words)
    reasons: list[str] = []
    if result.feedback is not None:
        notes = (result.feedback.warning, *result.feedback.suggestions)
        reasons = [str(note) for note in notes if note is not None and str(note) != "None"]
    return int(result.score), reasons


def answer_lines(requests: TextIO, answers: TextIO) -> None:
    """Answer each line until there are no more."""
    for line in requests:
        answers.write(json.dumps(estimate_strength(*json.loads(line))) + "\n")
        answers.flush()


def main() -> None:
    """Load the word lists, say so, then answer the parent's lines."""
    with suppress(OSError):
        os.nice(NICENESS)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not be an answer
    estimate_strength("loads the word lists", [])
    answers.write("[]\n")
    answers.flush()
    answer_lines(sys.stdin, answers)


if __name__ == "__main__":
    main()
