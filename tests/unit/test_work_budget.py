"""What a budget of work allows, and what it notes as left out."""

import math

from service.resilience.work_budget import WorkBudget


def test_work_beyond_the_budget_is_left_out_and_costs_nothing() -> None:
    budget = WorkBudget(100)
    assert budget.spend("typos", 60)
    assert not budget.spend("ranking", 60)
    assert (budget.spent, budget.left_out, budget.is_spent) == (60, {"ranking"}, False)
    assert budget.spend("typos", 40)
    assert budget.is_spent


def test_work_that_is_done_in_any_case_may_overdraw_the_budget() -> None:
    budget = WorkBudget(100)
    budget.charge(150)
    assert budget.is_spent
    assert not budget.spend("matches", 1)


def test_a_part_is_bounded_by_its_own_budget_and_by_that_of_the_whole_request() -> None:
    request = WorkBudget(100)
    first, second = WorkBudget(70, within=request), WorkBudget(70, within=request)
    assert first.spend("typos", 70)
    assert not second.spend("typos", 31)
    assert second.spend("typos", 30)
    assert (request.spent, second.request) == (100, request)
    assert first.left_out == set()
    assert second.left_out == {"typos"}


def test_nothing_is_allowed_once_the_time_of_the_request_is_over() -> None:
    seconds = [0.0]
    request = WorkBudget(math.inf, 6.0, clock=lambda: seconds[0])
    part = WorkBudget(100, within=request)
    assert part.spend("typos", 1)
    seconds[0] = 6.1
    assert part.is_late
    assert part.is_spent
    assert not part.spend("typos", 1)
