"""Lists of rows in pages: by offset up to 1,000 rows, and by cursor as far as there are rows."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sanic.response import HTTPResponse
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.http.pagination import CursorPageQuery, Links, Total
from service.http.responses import list_response
from service.signed_cursors import SignedCursors

M = TypeVar("M", bound=Model)
R = TypeVar("R")
V = TypeVar("V")

SortKey = tuple[Any, ...]
"""What a row is ordered by; its id comes last, so no two rows have the same."""


@dataclass(frozen=True, slots=True)
class RowPage(Generic[R]):
    """One page of rows, how many there are in all, and the neighbouring pages."""

    rows: list[R]
    total: int
    links: Links


async def read_page(
    rows: QuerySet[M],
    query: CursorPageQuery,
    path: str,
    cursors: SignedCursors,
    *,
    column: str,
    is_descending: bool = True,
    list_key: str = "",
) -> RowPage[M]:
    """Return one page of `rows`, ordered by `column`, then by id.

    Args:
        path: the address of the list, which its links repeat.
        column: holds times or integers.
        list_key: whose list it is, where the path does not say so; a cursor is good for one list.
    """
    key = f"{path} {list_key} {query.list_key}"
    total, start, sign = await rows.count(), query.offset, "-" if is_descending else ""
    ordered = rows.order_by(f"{sign}{column}", f"{sign}id")
    if query.cursor is None:
        ordered = ordered.offset(query.offset)
    else:
        *sort_key, start = cursors.decode(query.cursor, key)
        ordered = ordered.filter(_is_behind(column, sort_key, is_descending))
    page = await ordered.limit(query.limit + 1)
    next_cursor = None
    if len(page) > query.limit:
        page.pop()
        last_key = _to_sort_key(page[-1], column)
        next_cursor = cursors.encode([*last_key, start + query.limit], key)
    return RowPage(page, total, Links.for_page(path, query, start, next_cursor))


def cut_page(
    rows: Sequence[R],
    query: CursorPageQuery,
    path: str,
    cursors: SignedCursors,
    *,
    sort_key: Callable[[R], SortKey],
    list_key: str = "",
) -> RowPage[R]:
    """Return one page of rows that are in memory, ordered by `sort_key`, which is a total order.

    Args:
        path: the address of the list, which its links repeat.
        list_key: whose list it is, where the path does not say so; a cursor is good for one list.
    """
    key = f"{path} {list_key} {query.list_key}"
    start = begin = query.offset
    if query.cursor is not None:
        *last_key, start = cursors.decode(query.cursor, key)
        begin = bisect_right(rows, tuple(last_key), key=sort_key)
    page = list(rows[begin : begin + query.limit])
    next_cursor = None
    if begin + query.limit < len(rows):
        next_cursor = cursors.encode([*sort_key(page[-1]), start + query.limit], key)
    return RowPage(page, len(rows), Links.for_page(path, query, start, next_cursor))


def page_response(
    body: Callable[[list[V], Total, str | None, str | None], object],
    views: list[V],
    page: RowPage[R],
) -> HTTPResponse:
    """Return one page of a list.

    Args:
        body: makes the response body of the views, their number in all, and the addresses of the
            next and the previous page.
        views: the rows of the page as clients see them.
    """
    links = page.links
    return list_response(body(views, Total(value=page.total), links.next, links.previous), links)


def _to_sort_key(row: Model, column: str) -> SortKey:
    value = getattr(row, column)
    return (value.isoformat() if isinstance(value, datetime) else value, str(row.pk))


def _is_behind(column: str, sort_key: Sequence[Any], is_descending: bool) -> Q:
    """Return the condition that a row comes after the one of `sort_key`."""
    text, row_id = sort_key
    value: Any = datetime.fromisoformat(text) if isinstance(text, str) else text
    operator = "lt" if is_descending else "gt"
    same = Q(**{column: value, f"id__{operator}": UUID(str(row_id))})
    return Q(**{f"{column}__{operator}": value}) | same
