"""What each package holds about a person: how it is exported, hidden, restored and erased.

A package above this one adds what it holds by a `PersonalData` of its own; `service.server`
composes them. Rows that refer to the user with ON DELETE CASCADE are erased without a hook.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from tortoise.models import Model
from tortoise.queryset import QuerySet

M = TypeVar("M", bound=Model)

PAGE_ROWS = 200  # read at once; a row has a few kB at most

Row = Mapping[str, object]
Hook = Callable[[UUID], Awaitable[None]]


async def do_nothing(user_id: UUID) -> None:
    """Leave everything as it is: the hook of a package that has nothing to do."""


@dataclass(frozen=True, slots=True)
class ExportPart:
    """One table of an export, as a JSON and a CSV file of this name.

    `read` yields the person's rows in pages of bounded size; each row has exactly `columns`.
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[[UUID], AsyncIterator[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What one package holds about a person.

    The hooks get the user's id, and run in the transaction that begins, cancels or completes the
    deletion of the account. `hide` and `restore` are for what others see, such as counters of
    films; queries can also leave out users whose `erase_at` is set. `erase` runs right before the
    user's row is deleted. `disable` and `enable` do for what others see what `hide` and `restore`
    do, when an admin disables an account and enables it again; it may be hidden as well.
    """

    export_parts: tuple[ExportPart, ...] = ()
    hide: Hook = do_nothing
    restore: Hook = do_nothing
    erase: Hook = do_nothing
    disable: Hook = do_nothing
    enable: Hook = do_nothing


def select_columns(row: Model, columns: Sequence[str]) -> Row:
    """Return these columns of a row as they are."""
    return {column: getattr(row, column) for column in columns}


async def read_pages(rows: QuerySet[M], to_row: Callable[[M], Row]) -> AsyncIterator[list[Row]]:
    """Yield rows by their keys in pages; a row that comes or goes meanwhile skips no other."""
    key = rows.model._meta.pk_attr
    page = await rows.order_by(key).limit(PAGE_ROWS)
    while page:
        yield [to_row(row) for row in page]
        page = await rows.filter(pk__gt=page[-1].pk).order_by(key).limit(PAGE_ROWS)
