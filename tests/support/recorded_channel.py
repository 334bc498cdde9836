"""The connection of a live socket that tests look at."""

import asyncio
import json
from typing import Any


class RecordedChannel:
    """A connection whose client reads at once, or not at all."""

    def __init__(self, *, reads: bool = True) -> None:
        self.events: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self._reads = reads

    async def send(self, message: str) -> None:
        if not self._reads:
            await asyncio.Event().wait()
        self.events.append(json.loads(message))

    async def recv(self) -> str | bytes | None:
        await asyncio.Event().wait()
        return None

    def fail_connection(self, code: int, reason: str) -> bool:
        self.close_code = code
        return True

    def names(self) -> list[str]:
        return [str(event["event"]) for event in self.events]
