"""Read by each Python process that has this folder in PYTHONPATH, before anything else.

An API worker then kills itself by SIGKILL at the moment when what a request asked for has been
committed, and its answer not kept yet: once for each time that the file KILL_FLAG is made. A claim
of a killed process expires after a second.
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, os.environ["KILL_ROOT"])

from service.idempotency.service import Claim, IdempotentRequests, StoredAnswer

keep_answer = IdempotentRequests.complete


async def kill_or_keep(requests: IdempotentRequests, claim: Claim, answer: StoredAnswer) -> None:
    try:
        Path(os.environ["KILL_FLAG"]).unlink()
    except FileNotFoundError:
        await keep_answer(requests, claim, answer)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


IdempotentRequests.complete = kill_or_keep  # type: ignore[method-assign]
IdempotentRequests.__init__.__defaults__ = (1.0,)
