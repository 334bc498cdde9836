"""The worker's side of `LineProcess`: answer each line of JSON with another.

A worker may be killed at any moment, and ends when its parent closes the pipe.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

NICENESS = 5  # requests go first

Answer = Callable[[Any], object]
"""Returns what is answered to a request, as JSON."""


def run_worker(answer: Answer, *first_requests: object) -> None:
    """Load what the worker needs by its first requests, say so, then answer the parent's."""
    with suppress(OSError):
        os.nice(NICENESS)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not be an answer
    for request in first_requests:
        answer(request)
    _write_line(answers, None)
    answer_lines(answer, sys.stdin, answers)


def answer_lines(answer: Answer, requests: TextIO, answers: TextIO) -> None:
    """Answer each line until there are no more."""
    for line in requests:
        _write_line(answers, answer(json.loads(line)))


def _write_line(answers: TextIO, value: object) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()
