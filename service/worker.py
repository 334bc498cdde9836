"""One API process: a Sanic server on the socket that the supervisor opened.

Run as `python -m service.worker FD`; it can be killed at any time, and is started again.
"""

import socket
import sys

from sanic import Sanic

from service import logs, settings
from service.app import create_app
from service.http.punctual import PunctualProtocol


def main() -> None:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    app = create_app(chosen)
    app.prepare(
        protocol=PunctualProtocol,
        sock=socket.socket(fileno=int(sys.argv[1])),
        single_process=True,
        access_log=False,
        motd=False,
    )
    Sanic.serve_single(primary=app)


if __name__ == "__main__":
    main()
