"""`movies`: everything that an operator does, as plain commands.

Each command ends with 0 when done, 1 with one clear line when it failed, and 2 when it was called
wrongly. The modules `*_commands` declare the commands and their arguments. The work is in a module
for each command, imported only when the command runs: drivers take seconds to load, and neither the
help nor the supervisor needs one.
"""

import io
import os
import sys

from service.cli import account_commands, film_commands, index_commands, server_commands
from service.cli.app import app
from service.cli.running import is_output_fault
from service.private_files import PRIVATE_UMASK
from service.resilience.causes import describe_cause

COMMAND_MODULES = (server_commands, film_commands, index_commands, account_commands)
"""Importing them declares the commands."""


def main() -> None:
    """Run the command that the arguments name."""
    os.umask(PRIVATE_UMASK)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that a console lacks ends nothing
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OSError as error:
        if not is_output_fault(error):
            raise
        sys.exit(f"movies: the output cannot be written: {describe_cause(error)}")
