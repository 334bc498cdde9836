"""Lists of rows in pages; see `service.http.row_pages`."""

from service.http.pagination import CursorPageQuery as ListQuery
from service.http.row_pages import RowPage, cut_page, read_page

__all__ = ["ListQuery", "RowPage", "cut_page", "read_page"]
