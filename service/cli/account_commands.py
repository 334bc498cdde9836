"""The commands that manage accounts."""

import sys

import typer

from service.cli.app import app, require_settings
from service.cli.running import run


@app.command("create-admin")
def create_admin(name: str) -> None:
    """Create an admin account; the password is prompted for, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    settings = require_settings()
    from service.cli import accounts

    run(settings, accounts.create_admin(settings, name, password))
    typer.echo(f"{name} is an admin")
