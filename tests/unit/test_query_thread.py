"""Long queries leave the event loop to everybody else."""

import threading

from service.search.query.parser import Query
from service.search.retrieval.query_thread import MAX_LOOP_LETTERS, QueryThread


async def test_work_on_a_short_query_stays_on_the_loop_and_on_a_long_one_leaves_it() -> None:
    thread, here = QueryThread(), threading.get_ident()
    assert await thread.run(Query.parse("the godfahter"), threading.get_ident) == here
    long_query = Query.parse("gdofahter " * (MAX_LOOP_LETTERS // 9 + 1))
    assert await thread.run(long_query, threading.get_ident) != here
    thread.close()
