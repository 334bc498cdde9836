"""The OpenAPI document without a running service: `python -m tests.support.openapi`."""

import json
from typing import Any

from sanic import Sanic

from service.http.openapi_document import build_document
from service.server.app import create_app
from service.settings import Settings


def create_finalized_app(settings: Settings | None = None) -> "Sanic[Any, Any]":
    """Return an app that knows all its routes and is not registered under its name."""
    app = create_app(settings or Settings(jwt_secret="0" * 32))
    app.router.finalize()
    Sanic._app_registry.pop(app.name, None)
    return app


if __name__ == "__main__":
    print(json.dumps(build_document(create_finalized_app(), "0"), indent=2))
