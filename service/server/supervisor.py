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

SHUTDOWN_TIMEOUT = (
    REQUEST_TIMEOUT + 1.5
)  # seconds between SIGTERM and SIGKILL; an idle child takes some tenths
INITIAL_BACKOFF = 0.2  # seconds before a dead child is started again; doubles while it keeps dying
MAX_BACKOFF = 30.0  # seconds
BACKOFF_RESET_AFTER = 10.0  # seconds of life after which a child's next death counts as its first
HEARTBEAT_TIMEOUT = 10.0  # seconds without a heartbeat after which a child counts as frozen
STARTUP_TIMEOUT = 90.0  # seconds that a child may take to its first heartbeat
POLL_INTERVAL = 0.1  # seconds between two looks at the children
LISTEN_BACKLOG = 1024  # connections that wait while workers are busy or being reborn
PR_SET_PDEATHSIG = 1  # Linux: the child gets a signal when its parent dies


@dataclass(slots=True)
class ManagedProcess:
    """One process and its history."""

    name: str
    command: list[str]
    inherited_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    heartbeat_fd: int = -1
    started_at: float = 0.0
    last_heartbeat_at: float = 0.0
    backoff: float = INITIAL_BACKOFF
    restart_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """The children of one `movies serve`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._socket = open_listening_socket(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        listen_fd = self._socket.fileno()
        self._processes = [
            ManagedProcess(
                f"api-{n}",
                [sys.executable, "-m", "service.server.api_worker", str(listen_fd)],
                (listen_fd,),
            )
            for n in range(settings.workers)
        ]
        if settings.indexer == "managed":
            self._processes.append(ManagedProcess("indexer", [sys.executable, "-m", "indexer"]))
        self._metrics_folder = tempfile.TemporaryDirectory(prefix="movies-metrics-")
        self._stopping = self._skip_drain = False
        self._restart_requested = False

    def run(self) -> None:
        """Keep the children alive until SIGTERM, or SIGINT, which waits for nobody to notice;
        SIGHUP restarts them one by one.
        """
        signal.signal(signal.SIGTERM, self._on_stop_signal)
        signal.signal(signal.SIGINT, self._on_stop_signal)
        signal.signal(signal.SIGHUP, self._on_restart_signal)
        banner = self._start_banner()
        try:
            while not self._stopping:
                for child in self._processes:
                    self._supervise(child)
                if self._restart_requested:
                    self._restart_requested = False
                    self._restart_one_by_one()
                time.sleep(POLL_INTERVAL)
            self._drain()
        finally:
            banner.kill()
            banner.wait()
            self._stop_all()
            self._metrics_folder.cleanup()

    def _start_banner(self) -> subprocess.Popen[bytes]:
        """Tell the terminal where the service is, as soon as it is of use."""
        host = self._settings.host.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        command = [sys.executable, "-m", "service.server.banner", host, str(self.port)]
        return subprocess.Popen(command, cwd=PROJECT, preexec_fn=_prepare_child)

    def _on_stop_signal(self, number: int, _: object) -> None:
        self._skip_drain = self._stopping or number == signal.SIGINT
        self._stopping = True

    def _on_restart_signal(self, *_: object) -> None:
        self._restart_requested = True

    def _drain(self) -> None:
        """Have the workers say that they are going, while they go on for the time that it takes
        others to notice.
        """
        deadline = time.monotonic() + self._settings.drain_seconds
        while time.monotonic() < deadline and not self._skip_drain:
            for child in self._processes:
                if child.inherited_fds and child.process is not None:
                    child.process.send_signal(
                        DRAIN_SIGNAL
                    )  # again: it may have been too young to hear
            time.sleep(POLL_INTERVAL)

    def _supervise(self, child: ManagedProcess) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                self._start(child)
            return
        status = child.process.poll()
        if status is None:
            self._check_heartbeat(child, now)
            return
        if now - child.started_at > BACKOFF_RESET_AFTER:
            child.backoff = INITIAL_BACKOFF
        log.warning("child_died", child=child.name, status=status, again_in=child.backoff)
        self._clean_up(child)
        child.restart_at = now + child.backoff
        child.backoff = min(MAX_BACKOFF, child.backoff * 2)

    def _check_heartbeat(self, child: ManagedProcess, now: float) -> None:
        assert child.process is not None
        try:
            while os.read(child.heartbeat_fd, 4096):
                child.last_heartbeat_at = now
        except BlockingIOError:
            pass
        timeout = (
            HEARTBEAT_TIMEOUT if child.last_heartbeat_at > child.started_at else STARTUP_TIMEOUT
        )
        if now - max(child.last_heartbeat_at, child.started_at) > timeout:
            log.error("child_frozen", child=child.name, seconds=timeout)
            child.process.kill()

    def _start(self, child: ManagedProcess) -> None:
        read_fd, write_fd = os.pipe()
        os.set_blocking(read_fd, False)
        child.process = subprocess.Popen(
            child.command,
            pass_fds=(*child.inherited_fds, write_fd),
            env={
                **os.environ,
                "MOVIES_HEARTBEAT": str(write_fd),
                "PROMETHEUS_MULTIPROC_DIR": self._metrics_folder.name,
            },
            cwd=PROJECT,
            preexec_fn=_prepare_child,
        )
        os.close(write_fd)
        child.heartbeat_fd = read_fd
        child.started_at = time.monotonic()
        child.last_heartbeat_at = 0.0
        log.info("child_started", child=child.name, pid=child.process.pid)

    def _clean_up(self, child: ManagedProcess) -> None:
        os.close(child.heartbeat_fd)
        assert child.process is not None
        mark_process_dead(child.process.pid, self._metrics_folder.name)  # type: ignore[no-untyped-call]
        child.process, child.heartbeat_fd = None, -1

    def _restart_one_by_one(self) -> None:
        for child in self._processes:
            if child.process is not None:
                _terminate([child.process])
                self._clean_up(child)
            self._start(child)
            deadline = time.monotonic() + STARTUP_TIMEOUT
            while child.last_heartbeat_at <= child.started_at and time.monotonic() < deadline:
                self._check_heartbeat(child, time.monotonic())
                time.sleep(POLL_INTERVAL)

    def _stop_all(self) -> None:
        self._socket.close()  # with the last worker's: who comes then is refused, and need not wait
        _terminate([child.process for child in self._processes if child.process is not None])


def _terminate(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + SHUTDOWN_TIMEOUT
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _prepare_child() -> None:
    """In the child, before it runs: leave the terminal's Ctrl-C to the parent, and die with it."""
    os.setsid()
    signal.signal(DRAIN_SIGNAL, signal.SIG_IGN)  # until it can heed it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def open_listening_socket(host: str, port: int) -> socket.socket:
    """A bound, listening socket that children inherit. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(LISTEN_BACKLOG)
    listener.set_inheritable(True)
    return listener
