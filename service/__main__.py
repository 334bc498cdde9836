"""Run `movies`, here and as `python -m service`.

What the service cannot run on gets one sentence, before an import fails on it.
"""

import sys


def main() -> None:
    """Run the command that the arguments name."""
    if sys.version_info < (3, 11):  # noqa: UP036  # a checkout may be run with any Python
        sys.exit("movies: Python 3.11 or newer is needed, and this one is older")
    if sys.platform == "win32":
        sys.exit("movies: Windows is not supported; use WSL or Docker")
    from service.cli.main import main as run_command  # noqa: PLC0415  # its docstring says why

    run_command()


if __name__ == "__main__":
    main()
