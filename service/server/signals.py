"""The signals between the supervisor and its processes."""

import signal

DRAIN_SIGNAL = signal.SIGUSR1  # tells a worker that the service is going to stop
