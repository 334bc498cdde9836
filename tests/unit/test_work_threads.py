"""Long work leaves the event loop to everybody else, and stops for requests that worked less."""

import asyncio
import threading
import time

from service.resilience.work_budget import WorkBudget
from service.search.retrieval.work_threads import MAX_LOOP_WORK, WorkThreads


async def test_little_work_stays_on_the_event_loop_and_much_of_it_leaves_it() -> None:
    threads, here, budget = WorkThreads(), threading.get_ident(), WorkBudget(1)
    assert await threads.run(budget, MAX_LOOP_WORK, threading.get_ident) == here
    assert await threads.run(budget, MAX_LOOP_WORK + 1, threading.get_ident) != here
    threads.close()


async def test_long_work_stops_at_a_checkpoint_until_a_request_that_worked_less_is_answered() -> (
    None
):
    threads = WorkThreads(max_pause=30.0)
    long_request, short_request = WorkBudget(1_000_000), WorkBudget(1_000_000)
    long_request.charge(50_000_000)
    is_done = threading.Event()

    def work() -> None:
        long_request.checkpoint()
        is_done.set()

    with threads.answering(long_request):
        with threads.answering(short_request):
            task = asyncio.create_task(threads.run(long_request, MAX_LOOP_WORK + 1, work))
            await asyncio.sleep(0.2)
            assert not is_done.is_set()
        await asyncio.wait_for(task, 10)
    assert is_done.is_set()
    threads.close()


async def test_work_stops_for_no_longer_than_it_has_worked() -> None:
    threads = WorkThreads(max_pause=120.0)
    ordinary_request, new_request = WorkBudget(1_000_000), WorkBudget(1_000_000)
    ordinary_request.charge(4_000)  # 4 ms
    with threads.answering(ordinary_request), threads.answering(new_request):
        result = threads.run(ordinary_request, MAX_LOOP_WORK + 1, lambda: "done")
        assert await asyncio.wait_for(result, 60) == "done"
    threads.close()


async def test_long_work_goes_on_under_constant_load() -> None:
    threads = WorkThreads(max_pause=0.01)
    long_request, short_request = WorkBudget(1_000_000), WorkBudget(1_000_000)
    long_request.charge(50_000)

    def work() -> str:
        for _ in range(3):
            time.sleep(0.002)
            long_request.checkpoint()
        return "done"

    with threads.answering(long_request), threads.answering(short_request):
        result = threads.run(long_request, MAX_LOOP_WORK + 1, work)
        assert await asyncio.wait_for(result, 10) == "done"
    threads.close()
