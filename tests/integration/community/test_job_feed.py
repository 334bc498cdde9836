"""What the sockets of admins hear of jobs, read from a real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import pytest

from service.clock import utc_now
from service.community.live.job_feed import JobFeed
from service.community.live.sockets import LiveSocket
from service.community.live.tickets import LiveUser
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from tests.support.recorded_channel import RecordedChannel
from tests.support.waiting import wait_until


class Rig:
    """A feed, and sockets that hear of it."""

    def __init__(self) -> None:
        self.feed = JobFeed(ReindexJobs(utc_now).list_newest)
        self.tasks: list[asyncio.Task[None]] = []

    def open(self, *, is_admin: bool = True) -> tuple[LiveSocket, RecordedChannel]:
        channel = RecordedChannel()
        user = LiveUser(uuid4(), uuid4(), "ada", None, is_admin=is_admin)
        socket = LiveSocket(user, channel)
        self.feed.add(socket)
        self.tasks.append(asyncio.create_task(socket.send_continuously()))
        return socket, channel


@pytest.fixture
async def rig(database: None) -> AsyncIterator[Rig]:
    rig = Rig()
    yield rig
    for task in rig.tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*rig.tasks)


async def states(channel: RecordedChannel, count: int) -> list[tuple[str, str, int]]:
    """Return kind, state and films done of the events, as soon as there are `count`."""

    async def has_all() -> bool:
        return len(channel.events) >= count

    await wait_until(has_all)
    jobs = [event["job"] for event in channel.events]
    return [(job["kind"], job["state"], job["done"]) for job in jobs]


async def test_admins_hear_the_newest_job_first_and_then_each_change(rig: Rig) -> None:
    earlier = await ReindexJob.create(state=Step.DONE, created_at=utc_now(), finished_at=utc_now())
    _, first = rig.open()
    _, user = rig.open(is_admin=False)
    await rig.feed.read()
    assert await states(first, 1) == [("rebuild", "done", 0)]
    assert first.events[0]["event"] == "job_progress"
    assert first.events[0]["job"]["id"] == str(earlier.id)
    await rig.feed.read()
    job = await ReindexJob.create(active=1, created_at=utc_now())
    await rig.feed.read()
    await ReindexJob.filter(id=job.id).update(state=Step.FILLING, done=600, total=1200, rate=300.0)
    gone, closed = rig.open()
    rig.feed.remove(gone)
    _, second = rig.open()
    await rig.feed.read()
    await ReindexJob.filter(id=job.id).update(state=Step.DONE, active=None, finished_at=utc_now())
    await rig.feed.read()
    filling, done = ("rebuild", "filling", 600), ("rebuild", "done", 600)
    assert (await states(first, 4))[1:] == [("rebuild", "queued", 0), filling, done]
    assert first.events[2]["job"]["seconds_left"] == 2.0
    assert await states(second, 2) == [filling, done]
    assert user.events == closed.events == []


async def test_jobs_are_read_only_while_an_admin_listens() -> None:
    reads = asyncio.Semaphore(0)

    async def read_jobs(limit: int) -> list[object]:
        reads.release()
        return []

    feed = JobFeed(read_jobs, read_interval=0.0)  # type: ignore[arg-type]
    running = asyncio.create_task(feed.run())
    socket = LiveSocket(LiveUser(uuid4(), uuid4(), "ada", None, is_admin=True), RecordedChannel())
    await asyncio.sleep(0)
    assert reads.locked()
    feed.add(socket)
    await reads.acquire()
    await reads.acquire()
    feed.remove(socket)
    while not reads.locked():
        await reads.acquire()
    await asyncio.sleep(0)
    assert reads.locked()
    running.cancel()
