"""File names are parsed in a process that is ended when a name takes it too long."""

import asyncio
import io
import json
import time

import pytest

from service.resilience.line_worker import answer_lines
from service.search.filenames.name_process import NameBudget, NameProcess
from service.search.filenames.name_worker import answer
from service.search.filenames.parser import (
    MAX_COMPONENT_LENGTH,
    ParsedName,
    clean_name,
    parse_by_year,
)

pytestmark = pytest.mark.once

JAWS, DATES = "Jaws.1975.1080p.mkv", "20010203022" * 23
NAME_TIMEOUT = 60.0  # seconds for one name; a busy machine takes longer than users may wait
EPISODE = "Breaking.Bad.S01E02.mkv"  # by its year alone, it is no episode


async def test_a_name_is_parsed_in_the_process_as_it_is_here() -> None:
    process = NameProcess(NAME_TIMEOUT)
    assert await process.parse(JAWS, NameBudget()) == ParsedName("Jaws", 1975)
    episode = await process.parse("Breaking Bad/Season 1/Breaking.Bad.S01E02.mkv", NameBudget())
    assert (episode.title, episode.is_episode) == ("Breaking Bad", True)
    await process.close()


async def test_a_name_that_takes_too_long_is_read_by_its_year_and_the_next_one_is_parsed() -> None:
    process = NameProcess(NAME_TIMEOUT)
    await process.start()
    process._worker._timeout = 0.0001
    assert await process.parse(EPISODE, NameBudget()) == parse_by_year(EPISODE)
    process._worker._timeout = NAME_TIMEOUT
    assert (await process.parse(EPISODE, NameBudget())).is_episode
    await process.close()


async def test_names_beyond_a_requests_budget_are_read_by_their_year() -> None:
    process, budget = NameProcess(NAME_TIMEOUT), NameBudget(0.05)
    await process.start()
    began = time.monotonic()
    titles = await asyncio.gather(*(process.parse(DATES, budget) for _ in range(100)))
    assert len(titles) == 100
    assert time.monotonic() - began < 30
    assert await process.parse(EPISODE, budget) == parse_by_year(EPISODE)
    await process.close()


async def test_a_killed_process_is_started_again() -> None:
    process = NameProcess(NAME_TIMEOUT)
    await process.start()
    assert process._worker._process is not None
    process._worker._process.kill()
    await process.parse(JAWS, NameBudget())
    assert await process.parse(JAWS, NameBudget()) == ParsedName("Jaws", 1975)
    await process.close()


async def test_a_cancelled_request_does_not_mix_up_the_answers() -> None:
    process = NameProcess(NAME_TIMEOUT)
    await process.start()
    first = asyncio.create_task(process.parse(DATES, NameBudget()))
    await asyncio.sleep(0.05)
    first.cancel()
    assert await process.parse(JAWS, NameBudget()) == ParsedName("Jaws", 1975)
    await process.close()


def test_the_last_three_components_of_a_path_count_as_far_as_file_systems_allow() -> None:
    assert clean_name("/mnt/films/Jaws (1975)/disc/Jaws.mkv/") == "Jaws (1975)/disc/Jaws.mkv"
    assert clean_name("C:\\films\\Jaws\\jaws.mkv") == "films/Jaws/jaws.mkv"
    assert clean_name("x" * 300) == "x" * MAX_COMPONENT_LENGTH


def test_the_worker_answers_each_line_with_one_line() -> None:
    answers = io.StringIO()
    answer_lines(answer, io.StringIO(f'"{JAWS}"\n"tt0073195"\n'), answers)
    jaws, by_id = map(json.loads, answers.getvalue().splitlines())
    assert (jaws["title"], jaws["year"], by_id["imdb_id"]) == ("Jaws", 1975, "tt0073195")
