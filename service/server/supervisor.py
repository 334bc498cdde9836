"""`movies serve`: the parent process that owns the listening socket and keeps its children running.

Sanic's own manager never restarts a child that dies, and its children outlive a killed parent.
This one restarts each child after a growing wait, gives all API workers one listening socket, so
that connections queue in the listen backlog while a worker restarts, and ends its children with
itself.

It stops in two steps. First the workers answer as before, but report that they are not ready and
close each connection with its response, so that load balancers send requests elsewhere. Then they
accept no more connections, and have as long as the longest request may take to finish their work.
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
from service.resilience.backoff import backoff
from service.server.signals import DRAIN_SIGNAL
from service.settings import Settings, home_folder

log = structlog.get_logger()

SHUTDOWN_TIMEOUT = REQUEST_TIMEOUT + 1.5  # between SIGTERM and SIGKILL; an idle child takes ~0.3 s
INITIAL_BACKOFF = 0.2  # before the first restart of a dead child; doubles while it keeps dying
MAX_BACKOFF = 30.0
BACKOFF_RESET_AFTER = 10.0  # a child that ran for longer is restarted after the initial backoff
HEARTBEAT_TIMEOUT = 10.0  # without a heartbeat for so long, a child counts as frozen
STARTUP_TIMEOUT = 90.0  # until a child's first heartbeat
POLL_INTERVAL = 0.1
LISTEN_BACKLOG = 1024  # connections that wait while workers are busy or restarting
PR_SET_PDEATHSIG = 1  # Linux: the child gets a signal when its parent dies


@dataclass(slots=True)
class ManagedProcess:
    """One child process and its history. Times are those of the monotonic clock."""

    name: str
    command: list[str]
    inherited_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    heartbeat_fd: int = -1
    started_at: float = 0.0
    last_heartbeat_at: float = 0.0
    deaths: int = 0
    restart_at: float = field(default_factory=time.monotonic)

    @property
    def has_sent_heartbeat(self) -> bool:
        return self.last_heartbeat_at > self.started_at


class Supervisor:
    """The child processes of one `movies serve`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = home_folder()
        self._socket = open_listening_socket(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        listen_fd = self._socket.fileno()
        self._children = [
            ManagedProcess(
                f"api-{n}",
                [sys.executable, "-m", "service.server.api_worker", str(listen_fd)],
                (listen_fd,),
            )
            for n in range(settings.workers)
        ]
        if settings.indexer == "managed":
            self._children.append(ManagedProcess("indexer", [sys.executable, "-m", "indexer"]))
        self._metrics_folder = tempfile.TemporaryDirectory(prefix="movies-metrics-")
        self._stopping = self._skip_drain = False
        self._restart_requested = False

    def run(self) -> None:
        """Keep the children running until SIGTERM or SIGINT.

        SIGINT skips the drain. SIGHUP restarts the children one by one.
        """
        signal.signal(signal.SIGTERM, self._on_stop_signal)
        signal.signal(signal.SIGINT, self._on_stop_signal)
        signal.signal(signal.SIGHUP, self._on_restart_signal)
        banner = self._start_banner()
        try:
            while not self._stopping:
                for child in self._children:
                    self._supervise(child)
                if self._restart_requested:
                    self._restart_requested = False
                    self._restart_one_by_one()
                time.sleep(POLL_INTERVAL)
            drain_seconds = 0.0 if self._skip_drain else self._settings.drain_seconds
            log.info("stopping", drain_seconds=drain_seconds)
            self._drain()
        finally:
            banner.kill()
            banner.wait()
            self._stop_all()
            self._metrics_folder.cleanup()
            log.info("stopped")

    def _start_banner(self) -> subprocess.Popen[bytes]:
        """Print the service's address to the terminal once the first search can succeed."""
        host = self._settings.host.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        arguments = [host, str(self.port), self._settings.log_format]
        command = [sys.executable, "-m", "service.server.banner", *arguments]
        return subprocess.Popen(command, cwd=self._home, preexec_fn=_prepare_child)

    def _on_stop_signal(self, number: int, _: object) -> None:
        self._skip_drain = self._stopping or number == signal.SIGINT
        self._stopping = True

    def _on_restart_signal(self, *_: object) -> None:
        self._restart_requested = True

    def _drain(self) -> None:
        """Have the API workers report that they are not ready, for as long as is configured."""
        deadline = time.monotonic() + self._settings.drain_seconds
        while time.monotonic() < deadline and not self._skip_drain:
            for child in self._children:
                if child.inherited_fds and child.process is not None:
                    # Sent again and again: a worker that has just started ignores it.
                    child.process.send_signal(DRAIN_SIGNAL)
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
            child.deaths = 0
        child.deaths += 1
        wait = backoff(child.deaths, INITIAL_BACKOFF, MAX_BACKOFF, jitter=0)
        log.warning("child_died", child=child.name, status=status, again_in=wait)
        self._clean_up(child)
        child.restart_at = now + wait

    def _check_heartbeat(self, child: ManagedProcess, now: float) -> None:
        """Read the child's heartbeats, and kill it if they have stopped."""
        assert child.process is not None
        try:
            while os.read(child.heartbeat_fd, 4096):
                child.last_heartbeat_at = now
        except BlockingIOError:
            pass
        timeout = HEARTBEAT_TIMEOUT if child.has_sent_heartbeat else STARTUP_TIMEOUT
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
                "MOVIES_HOME": str(self._home),
                "MOVIES_HEARTBEAT": str(write_fd),
                "PROMETHEUS_MULTIPROC_DIR": self._metrics_folder.name,
            },
            cwd=self._home,
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
        # The client library of Prometheus is untyped here.
        mark_process_dead(child.process.pid, self._metrics_folder.name)  # type: ignore[no-untyped-call]
        child.process, child.heartbeat_fd = None, -1

    def _restart_one_by_one(self) -> None:
        for child in self._children:
            if child.process is not None:
                _terminate([child.process])
                self._clean_up(child)
            self._start(child)
            deadline = time.monotonic() + STARTUP_TIMEOUT
            while not child.has_sent_heartbeat and time.monotonic() < deadline:
                self._check_heartbeat(child, time.monotonic())
                time.sleep(POLL_INTERVAL)

    def _stop_all(self) -> None:
        # Once the last worker has closed it too, a new connection is refused instead of waiting.
        self._socket.close()
        _terminate([child.process for child in self._children if child.process is not None])


def _terminate(processes: list[subprocess.Popen[bytes]]) -> None:
    """Stop `processes` by SIGTERM, and by SIGKILL those that have not ended in time."""
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
    """Set the signals of a child, before its program runs.

    The terminal's Ctrl-C goes to the parent alone, and the child ends when its parent dies.
    """
    os.setsid()
    signal.signal(DRAIN_SIGNAL, signal.SIG_IGN)  # its default action would end the process
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def open_listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound, listening socket that children inherit.

    Raises:
        OSError: the port is taken.
    """
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
