"""How long tests that may run for any time do so."""

import os

FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))
"""Seconds of each fuzz test; a longer run sends more random input."""
