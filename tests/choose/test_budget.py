from __future__ import annotations

import time

import pytest

from toolkit.choose.measure.budget import Budget, bytes_of, seconds_of
from toolkit.errors import RecipeError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5_400), ("1h 30m", 5_400), ("1h30m5s", 5_405), ("2M", 120)],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3m", "0", "10 minutes", "3m later", "1h30", "30 1h", "1 2"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(RecipeError, match="10m"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4 * 10**9),
        ("512M", 512 * 10**6),
        ("1000", 1_000),
        ("1000 B", 1_000),
        ("4GiB", 2**32),
        ("1.5gi", 3 * 2**29),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "much", "0GB", "4 apples", "4iB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="4GB"):
        bytes_of(text)


def test_a_budget_counts_from_its_start_and_keeps_its_reserve() -> None:
    budget = Budget(100.0, reserve=10.0, started=time.monotonic() - 60.0)
    assert budget.spent() == pytest.approx(60.0, abs=1.0)
    assert budget.left() == pytest.approx(30.0, abs=1.0)
    assert Budget(10.0, started=time.monotonic() - 60.0).left() == 0.0


def test_what_is_left_ends_with_the_budget() -> None:
    over = Budget(1.0, started=time.monotonic() - 2.0)
    assert over.to_the_end() == over.left() == 0.0
    running = Budget(100.0, reserve=10.0)
    assert running.left() < 90.0 < running.to_the_end() < 100.0
