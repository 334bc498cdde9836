"""Interrupt a transaction at one of its statements, as the death of its process would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.sqlite.client import SqliteTransactionWrapper

from service.database.connection import is_postgres

METHODS = ("execute_query", "execute_query_dict", "execute_insert", "execute_many", "commit")


class Interrupted(Exception):
    """The transaction ends here, and what it wrote is rolled back."""


@contextmanager
def interrupt_at(
    number: int | None, before_interruption: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Interrupt the next transaction at this statement, its commit counted; None never does."""
    wrapper: Any = TransactionWrapper if is_postgres() else SqliteTransactionWrapper
    originals = {name: getattr(wrapper, name) for name in METHODS}
    own = {name: wrapper.__dict__[name] for name in METHODS if name in wrapper.__dict__}
    count = 0

    def replace(name: str) -> None:
        async def run(self: Any, *args: Any, **options: Any) -> Any:
            nonlocal count
            if count == number:
                count += 1
                before_interruption()
                if name == "commit":
                    await self.rollback()
                raise Interrupted
            count += 1
            return await originals[name](self, *args, **options)

        setattr(wrapper, name, run)

    for name in METHODS:
        replace(name)
    try:
        yield
    finally:
        for name in METHODS:
            delattr(wrapper, name)
        for name, method in own.items():
            setattr(wrapper, name, method)
