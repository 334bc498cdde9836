"""Read `.env`: names and values, or why it cannot be read.

A line that is passed over may be the one with the secret, so each must be understood.
"""

import io
import os
import stat
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream


class EnvFileError(Exception):
    """The file cannot be read, or not as names and values; the message says where and why."""


def read_env_file(path: Path) -> dict[str, str | None]:
    """Return the values of the file, none if there is no file.

    Raises:
        EnvFileError: saying what to do.
    """
    text = _read_text(path)
    faults = [
        f"{path} line {_find_line(binding)} cannot be understood; write NAME=value, quotes in pairs"
        for binding in parse_stream(io.StringIO(text))
        if binding.error or (binding.key is not None and binding.value is None)
    ]
    if faults:
        raise EnvFileError("\n  ".join(faults))
    return dotenv_values(stream=io.StringIO(text))


def _read_text(path: Path) -> str:
    try:
        is_file = stat.S_ISREG(path.stat().st_mode) or path.samefile(os.devnull)
        if not is_file:  # a pipe would be waited for
            raise EnvFileError(f"{path} is not a file; put a file in its place")
        return path.read_text(encoding="utf-8-sig")  # some editors begin it with a mark
    except FileNotFoundError:
        if path.is_symlink():
            raise EnvFileError(
                f"{path} is a symbolic link to a file that does not exist; create or remove it"
            ) from None
        return ""
    except NotADirectoryError:
        return ""  # MOVIES_HOME is a file, which is reported by itself
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        reason = "is not text in UTF-8; save it in that encoding"
    raise EnvFileError(f"{path} {reason}")


def _find_line(binding: Binding) -> int:
    """Return the number of the line, which follows blank lines of the same binding."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
