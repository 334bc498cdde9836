"""The signals between the supervisor and its processes."""

import signal

DRAIN_SIGNAL = signal.SIGUSR1  # tells an API worker that the service is about to stop
