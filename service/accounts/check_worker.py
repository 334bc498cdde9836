"""Rate passwords and compare names, in a process of its own.

zxcvbn takes a quarter of a second for the worst passwords, the data on look-alikes half a second
to load, and both hold the interpreter all the while. One line of JSON in, one line of JSON out:
`["password", password, words]` is answered with `[score, reasons]`, and `["name", name]` with
`[is_one_script, skeleton]`.
"""

import json
import os
import sys
from contextlib import suppress
from typing import TextIO

from zxcvbn_rs_py import zxcvbn

from service.accounts.names import is_one_script, make_skeleton

NICENESS = 5  # requests go first


def rate_password(password: str, words: list[str]) -> tuple[int, list[str]]:
    """Return the score, 0 to 4, and sentences that say why it is not higher."""
    result = zxcvbn(password, words)
    reasons: list[str] = []
    if result.feedback is not None:
        notes = (result.feedback.warning, *result.feedback.suggestions)
        reasons = [str(note) for note in notes if note is not None and str(note) != "None"]
    return int(result.score), reasons


def describe_name(name: str) -> tuple[bool, str]:
    """Return whether the name is of one script, and its skeleton."""
    return is_one_script(name), make_skeleton(name)


def answer_lines(requests: TextIO, answers: TextIO) -> None:
    """Answer each line until there are no more."""
    for line in requests:
        kind, *arguments = json.loads(line)
        answer = rate_password(*arguments) if kind == "password" else describe_name(*arguments)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Load all data, say so, then answer the parent's lines."""
    with suppress(OSError):
        os.nice(NICENESS)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not be an answer
    rate_password("loads the word lists", [])
    describe_name("loads")
    answers.write("[]\n")
    answers.flush()
    answer_lines(sys.stdin, answers)


if __name__ == "__main__":
    main()
