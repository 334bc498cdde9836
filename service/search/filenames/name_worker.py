"""Parse file names in a process of its own: one JSON string a line in, one JSON object a line out.

guessit's rules take half a second for some names of 250 characters, and hold the interpreter all
the while. This process may be killed at any moment, and ends when its parent closes the pipe.
"""

import io
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TextIO

from service.search.filenames.parser import parse_name

NICENESS = 5  # searches go first
FIRST_LINE = '"Warm.Up.2000.mkv"\n'  # for it guessit loads its rules: a second or more


def answer_lines(requests: TextIO, answers: TextIO) -> None:
    """Answer each line until there are no more."""
    for line in requests:
        answers.write(json.dumps(asdict(parse_name(json.loads(line)))) + "\n")
        answers.flush()


def main() -> None:
    """Load the rules, say so with a first answer, then answer the parent's lines."""
    with suppress(OSError):
        os.nice(NICENESS)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not be an answer
    answer_lines(io.StringIO(FIRST_LINE), answers)
    answer_lines(sys.stdin, answers)


if __name__ == "__main__":
    main()
