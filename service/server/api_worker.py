"""One API worker: a Sanic server on the socket that the supervisor opened.

Run as `python -m service.server.api_worker FD`. It may be killed at any time; the supervisor
restarts it.
"""

import asyncio
import os
import socket
import sys
from functools import partial
from typing import Any

from sanic import Sanic

from service.http.connections import ConnectionCap
from service.http.timeouts import PromptTimeoutProtocol
from service.observability import logging
from service.private_files import PRIVATE_UMASK
from service.server.app import create_app
from service.server.open_files import raise_open_files_limit
from service.server.signals import DRAIN_SIGNAL
from service.settings import load_settings

SWITCH_INTERVAL = 0.0005  # seconds; a search needs the interpreter a dozen times


def main() -> None:
    """Serve on the inherited socket until a signal ends the process."""
    os.umask(PRIVATE_UMASK)
    raise_open_files_limit()
    settings = load_settings()
    logging.configure(settings.log_format, settings.log_level)
    # A thread with long work hands over to the event loop this soon.
    sys.setswitchinterval(SWITCH_INTERVAL)
    os.environ["SANIC_IGNORE_PRODUCTION_WARNING"] = "1"  # it knows nothing of ENVIRONMENT
    app = create_app(settings)

    @app.before_server_start
    async def listen_for_drain(app: Sanic[Any, Any]) -> None:
        asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, start_draining, app)

    # With trusted proxies, every connection is one of theirs.
    cap = None if settings.trusted_proxies else ConnectionCap()
    app.prepare(
        protocol=partial(PromptTimeoutProtocol, connection_cap=cap),  # type: ignore[arg-type]  # called like a class
        sock=socket.socket(fileno=int(sys.argv[1])),
        single_process=True,
        access_log=False,
        motd=False,
    )
    Sanic.serve_single(primary=app)


def start_draining(app: Sanic[Any, Any]) -> None:
    """Report from now on that the service is stopping, and go on answering."""
    app.ctx.draining = True


if __name__ == "__main__":
    main()
