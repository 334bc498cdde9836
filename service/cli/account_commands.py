"""The commands that manage accounts."""

import sys
from typing import Annotated

import typer

from service.cli.app import JsonOption, app, require_settings
from service.cli.output import format_count, print_line
from service.cli.running import run

NameArgument = Annotated[str, typer.Argument(help="a user name or an e-mail address")]


@app.command("create-admin")
def create_admin(name: str) -> None:
    """Create an admin account; the password is prompted for, or read from standard input."""
    password = _ask_for_password()
    settings = require_settings()
    from service.cli import accounts

    run(settings, accounts.create_admin(settings, name, password))
    print_line(f"{name} is an admin")


@app.command("users")
def list_users(
    text: Annotated[
        str | None, typer.Argument(help="part of the names or addresses to list")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the accounts, the oldest first."""
    settings = require_settings()
    from service.cli import accounts

    run(settings, accounts.list_users(settings, text, as_json=as_json))


@app.command("reset-password")
def reset_password(name: NameArgument) -> None:
    """Set a password, which ends the user's sessions and deletes the API keys.

    The password is prompted for, or read from standard input.
    """
    password = _ask_for_password()
    settings = require_settings()
    from service.cli import accounts

    username = run(settings, accounts.set_password(settings, name, password))
    print_line(f"{username} has a new password, and is logged out everywhere")


@app.command()
def promote(name: NameArgument) -> None:
    """Make a user an admin."""
    print_line(f"{_change_user(name, is_admin=True)} is an admin")


@app.command()
def demote(name: NameArgument) -> None:
    """Make an admin an ordinary user; not the last one."""
    print_line(f"{_change_user(name, is_admin=False)} is no admin")


@app.command()
def disable(name: NameArgument) -> None:
    """Log a user out at once, and refuse further logins; not the last admin."""
    print_line(f"{_change_user(name, is_disabled=True)} is disabled")


@app.command()
def enable(name: NameArgument) -> None:
    """Let a disabled user log in again."""
    print_line(f"{_change_user(name, is_disabled=False)} is enabled")


@app.command("delete-user")
def delete_user(
    name: NameArgument,
    is_confirmed: Annotated[bool, typer.Option("--yes", help="do not ask on a terminal")] = False,
) -> None:
    """Delete an account with all that it holds, at once; not the last admin."""
    if sys.stdin.isatty() and not is_confirmed:
        typer.confirm(f"Delete {name} with all that the account holds?", abort=True)
    settings = require_settings()
    from service.cli import accounts

    print_line(f"{run(settings, accounts.delete_user(settings, name))} is deleted")


@app.command("logout-all")
def log_out_all(
    name: Annotated[
        str | None, typer.Argument(help="a user name or an e-mail address; else everyone")
    ] = None,
) -> None:
    """End all sessions of a user, or of everyone; API keys go on working."""
    if name is not None:
        print_line(f"{_change_user(name, end_sessions=True)} is logged out everywhere")
        return
    settings = require_settings()
    from service.cli import accounts

    count = run(settings, accounts.end_all_sessions(settings))
    print_line(f"everyone is logged out: {format_count(count, 'session')} ended")


def _change_user(name: str, **changes: bool) -> str:
    """Change the account of this name or address; return its name."""
    settings = require_settings()
    from service.cli import accounts

    return run(settings, accounts.change_user(settings, name, changes))


def _ask_for_password() -> str:
    """Return a new password, asked for on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
