"""The signals between the supervisor and its processes."""

import signal

LEAVE = signal.SIGUSR1  # tells a worker that the service is going to stop
