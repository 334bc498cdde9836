"""`movies serve`: a parent that opens the socket and keeps its children alive.

Sanic's own manager never restarts what dies, and its children outlive a killed parent. This one
starts each child again after a growing pause, gives all API workers one listening socket (so
that clients wait in its backlog while a worker is reborn), and ends its children with itself.

It stops in two steps. First the workers answer as ever, but say that they are not ready any more
and close each connection with its answer, so that whoever shares requests out goes elsewhere. Then
they take no more, and have the time of the longest answer for what is under way.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import structlog
from prometheus_client.multiprocess import mark_process_dead

from service.limits import REQUEST_TIMEOUT
from service.server.signals import DRAIN_SIGNAL
from service.settings import PROJECT, Settings

log = structlog.get_logger()

GRACE = (
    REQUEST_TIMEOUT + 1.5
)  # seconds between SIGTERM and SIGKILL; an idle child takes some tenths
FIRST_PAUSE = 0.2  # seconds before a dead child is started again; doubles while it keeps dying
LONGEST_PAUSE = 30.0  # seconds
SETTLED = 10.0  # seconds of life after which a child's next death counts as its first
SILENCE = 10.0  # seconds without a heartbeat after which a child counts as frozen
STARTING = 90.0  # seconds that a child may take to its first heartbeat
LOOK = 0.1  # seconds between two looks at the children
BACKLOG = 1024  # connections that wait while workers are busy or being reborn
PR_SET_PDEATHSIG = 1  # Linux: the child gets a signal when its parent dies


@dataclass(slots=True)
class ManagedProcess:
    """One process and its history."""

    name: str
    command: list[str]
    inherits: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    heartbeat: int = -1
    started: float = 0.0
    heard: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = field(default_factory=time.monotonic)


class Supervisor:
    """The children of one `movies serve`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._socket = listening_socket(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        shared = self._socket.fileno()
        self._children = [
            ManagedProcess(
                f"api-{n}",
                [sys.executable, "-m", "service.server.api_worker", str(shared)],
                (shared,),
            )
            for n in range(settings.workers)
        ]
        if settings.indexer == "managed":
            self._children.append(ManagedProcess("indexer", [sys.executable, "-m", "indexer"]))
        self._counts = tempfile.TemporaryDirectory(prefix="movies-metrics-")
        self._stopping = self._at_once = False
        self._restart = False

    def run(self) -> None:
        """Keep the children alive until SIGTERM, or SIGINT, which waits for nobody to notice;
        SIGHUP restarts them one by one.
        """
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._again)
        greeting = self._greet()
        try:
            while not self._stopping:
                for child in self._children:
                    self._supervise(child)
                if self._restart:
                    self._restart = False
                    self._restart_each()
                time.sleep(LOOK)
            self._drain()
        finally:
            greeting.kill()
            greeting.wait()
            self._end_all()
            self._counts.cleanup()

    def _greet(self) -> subprocess.Popen[bytes]:
        """Tell the terminal where the service is, as soon as it is of use."""
        host = self._settings.host.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        command = [sys.executable, "-m", "service.server.banner", host, str(self.port)]
        return subprocess.Popen(command, cwd=PROJECT, preexec_fn=_die_with_parent)

    def _stop(self, number: int, _: object) -> None:
        self._at_once = self._stopping or number == signal.SIGINT
        self._stopping = True

    def _again(self, *_: object) -> None:
        self._restart = True

    def _drain(self) -> None:
        """Have the workers say that they are going, while they go on for the time that it takes
        others to notice.
        """
        deadline = time.monotonic() + self._settings.drain_seconds
        while time.monotonic() < deadline and not self._at_once:
            for child in self._children:
                if child.inherits and child.process is not None:
                    child.process.send_signal(
                        DRAIN_SIGNAL
                    )  # again: it may have been too young to hear
            time.sleep(LOOK)

    def _supervise(self, child: ManagedProcess) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            self._listen_to(child, now)
            return
        if now - child.started > SETTLED:
            child.pause = FIRST_PAUSE
        log.warning("child_died", child=child.name, status=code, again_in=child.pause)
        self._bury(child)
        child.due = now + child.pause
        child.pause = min(LONGEST_PAUSE, child.pause * 2)

    def _listen_to(self, child: ManagedProcess, now: float) -> None:
        assert child.process is not None
        try:
            while os.read(child.heartbeat, 4096):
                child.heard = now
        except BlockingIOError:
            pass
        patience = SILENCE if child.heard > child.started else STARTING
        if now - max(child.heard, child.started) > patience:
            log.error("child_frozen", child=child.name, seconds=patience)
            child.process.kill()

    def _start(self, child: ManagedProcess) -> None:
        mine, theirs = os.pipe()
        os.set_blocking(mine, False)
        child.process = subprocess.Popen(
            child.command,
            pass_fds=(*child.inherits, theirs),
            env={
                **os.environ,
                "MOVIES_HEARTBEAT": str(theirs),
                "PROMETHEUS_MULTIPROC_DIR": self._counts.name,
            },
            cwd=PROJECT,
            preexec_fn=_die_with_parent,
        )
        os.close(theirs)
        child.heartbeat = mine
        child.started = time.monotonic()
        child.heard = 0.0
        log.info("child_started", child=child.name, pid=child.process.pid)

    def _bury(self, child: ManagedProcess) -> None:
        os.close(child.heartbeat)
        assert child.process is not None
        mark_process_dead(child.process.pid, self._counts.name)  # type: ignore[no-untyped-call]
        child.process, child.heartbeat = None, -1

    def _restart_each(self) -> None:
        for child in self._children:
            if child.process is not None:
                _end([child.process])
                self._bury(child)
            self._start(child)
            deadline = time.monotonic() + STARTING
            while child.heard <= child.started and time.monotonic() < deadline:
                self._listen_to(child, time.monotonic())
                time.sleep(LOOK)

    def _end_all(self) -> None:
        self._socket.close()  # with the last worker's: who comes then is refused, and need not wait
        _end([child.process for child in self._children if child.process is not None])


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    """In the child, before it runs: leave the terminal's Ctrl-C to the parent, and die with it."""
    os.setsid()
    signal.signal(DRAIN_SIGNAL, signal.SIG_IGN)  # until it can heed it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound, listening socket that children inherit. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    made.listen(BACKLOG)
    made.set_inheritable(True)
    return made
