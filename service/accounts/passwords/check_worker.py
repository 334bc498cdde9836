"""Rate passwords and compare names, in a process of its own.

zxcvbn takes a quarter of a second for the worst passwords, the data on look-alikes half a second
to load, and both hold the interpreter all the while. One line of JSON in, one line of JSON out:
`["password", password, words]` is answered with `[score, reasons]`, and `["name", name]` with
`[is_one_script, skeleton]`.
"""

from typing import Any

from zxcvbn_rs_py import zxcvbn

from service.accounts.names import is_one_script, make_skeleton
from service.resilience.line_worker import run_worker


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


def answer(request: list[Any]) -> object:
    """Return what is answered to a request."""
    kind, *arguments = request
    return rate_password(*arguments) if kind == "password" else describe_name(*arguments)


if __name__ == "__main__":
    run_worker(answer, ["password", "loads the word lists", []], ["name", "loads"])
