"""A router that answers `HEAD` wherever it answers `GET`, and that knows each address's methods.

Sanic's own router leaves `HEAD` to each route, and its error for a method that is not allowed
does not name the allowed ones if several routes share an address.
"""

from collections.abc import Iterable
from typing import Any

from sanic.constants import HTTP_METHODS
from sanic.exceptions import MethodNotAllowed
from sanic.router import Router
from sanic_routing.exceptions import NoMethod, NotFound
from sanic_routing.route import Route


class CompleteRouter(Router):
    """Sanic's router with `HEAD` for each `GET`, and a true `Allow`.

    An address that ends with a slash may have routes of its own for some methods. For the others it
    is the address without the slash, as everywhere, unless that one only fits a parameter: what is
    at `/users/register/` is not the user `register`.
    """

    def add(  # type: ignore[override]  # Sanic's own router changes the signature as well
        self, uri: str, methods: Iterable[str], *args: Any, **options: Any
    ) -> Any:
        """Add a route; one for `GET` answers `HEAD` too, without a body."""
        names = {str(method) for method in methods}
        if "GET" in names:
            names.add("HEAD")
        return super().add(uri, sorted(names), *args, **options)

    def _get(self, path: str, method: str, host: str | None) -> tuple[Route, Any, dict[str, Any]]:
        try:
            return super()._get(path, method, host)
        except MethodNotAllowed as error:
            shorter = path.removesuffix("/")
            if shorter and shorter != path and self._has(shorter, method, is_literal=True):
                return super()._get(shorter, method, host)
            raise MethodNotAllowed(
                str(error), method=method, allowed_methods=self.allowed_methods(path)
            ) from None

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods of an address; `OPTIONS` is answered everywhere."""
        shorter = path.removesuffix("/")
        return [
            *(
                method
                for method in sorted(map(str, HTTP_METHODS))
                if self._has(path, method) or self._has(shorter, method, is_literal=True)
            ),
            "OPTIONS",
        ]

    def _has(self, path: str, method: str, *, is_literal: bool = False) -> bool:
        """Return whether a route answers; with `is_literal`, one without parameters."""
        try:
            route, _, _ = self.resolve(path=path, method=method)
        except (NoMethod, NotFound):
            return False
        return not (is_literal and route.params)
