"""A loss that explodes and does not come back ends the run, like one that is not finite."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import DivergedError
from toolkit.recipe import build_recipe
from toolkit.training.loss_course import LossCourse
from toolkit.workflow.fine_tune import fine_tune


def _course(*losses: float) -> LossCourse:
    course = LossCourse()
    for loss in losses:
        course.add(loss)
    return course


def test_only_a_loss_that_does_not_come_back_is_refused():
    for losses in ((0.7, 90.0, 0.8, 0.6, 0.5), (0.7, 6.9), (0.001, 0.4, 0.3), (2.0,), ()):
        _course(*losses).refuse_explosion()
    for losses in ((0.7, 90.0, 80.0), (0.7, 7.1), (0.001, 2.0), (0.7, float("inf"), 50.0)):
        with pytest.raises(DivergedError, match="did not come back, so nothing was learnt; lower"):
            _course(*losses).refuse_explosion()


def test_the_course_is_part_of_checkpoints_and_old_ones_have_none():
    course = _course(*map(float, range(1, 30)))
    assert (course.first, course.last) == (1.0, [float(i) for i in range(20, 30)])
    assert LossCourse.from_info(course.to_info()) == course
    assert LossCourse.from_info({"step": 3}) == LossCourse.from_info(None) == LossCourse()


def test_a_real_training_that_explodes_ends_with_6_and_its_advice_works(tiny_tree: dict[str, Any], tmp_path: Path):
    def run(rate: float, name: str) -> None:
        tree = copy.deepcopy(tiny_tree)
        tree["training"] |= {"learning_rate": rate, "max_grad_norm": 0, "lr_scheduler_type": "constant"}
        fine_tune(build_recipe(tree), name=name, output_dir=tmp_path / name, ledger=tmp_path / "trials.jsonl")

    with pytest.raises(DivergedError, match=r"the loss rose from 0\.\d+ to .*; lower training.learning_rate$"):
        run(100.0, "exploded")
    with pytest.raises(DivergedError, match="the loss rose"):  # the same command finds the last checkpoint
        run(100.0, "exploded")
    run(1e-3, "lower")
    assert not (tmp_path / "exploded").exists()
