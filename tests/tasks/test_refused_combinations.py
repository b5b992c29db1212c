"""What no spec lists is refused before any work, with what there is instead."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from combinations import Combination, kinds_of
from task_rows import write_splits
from tiny_models import pretrained

from toolkit.cli.main import run as command
from toolkit.errors import RecipeError
from toolkit.names import SPECS, Family, Method, Task
from toolkit.recipe import build_recipe
from toolkit.workflow.fine_tune import fine_tune

MISSING = [
    (task, family, method)
    for task, family, method in itertools.product(Task, Family, Method)
    if method not in SPECS[task].methods.get(family, ())
]
OTHERS = {family: [other for other in Family if other is not family] for family in Family}


@pytest.mark.parametrize(("task", "family", "method"), MISSING, ids=str)
def test_what_no_spec_lists_is_refused(
    task: Task, family: Family, method: Method, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the check of the recipe, or where that cannot know the family of a model, when the model is opened."""
    combination = Combination(task, family, method, kinds_of(SPECS[task])[0])
    tree = combination.tree(write_splits(combination.kind.columns, combination.kind.problem, tmp_path))
    if method is not Method.SCRATCH:
        tree["model"]["name"] = str(pretrained(combination.architecture, tmp_path / "base"))
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    methods = SPECS[task].methods
    fitting = [known for known in Family if method in methods.get(known, ())]
    is_known_later = bool(fitting) and method is not Method.SCRATCH
    assert command(["recipes", "check", str(recipe)]) == (0 if is_known_later else 2)
    output = ["--output-dir", str(tmp_path / "run"), "--ledger", str(tmp_path / "trials.jsonl")]
    assert command(["fine-tune", str(recipe), *output]) == 2
    instead = fitting or {known for every in methods.values() for known in every}
    message = capsys.readouterr().err.lower()
    assert [name for name in instead if name not in message] == []
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("method", [Method.FULL, Method.PEFT, Method.FEATURES, Method.ZERO_SHOT])
@pytest.mark.parametrize("family", Family)
def test_model_of_a_family_that_cannot_do_the_task_is_refused(
    family: Family, method: Method, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Today every family can classify; a spec without the model's family stands for a task that it cannot do."""
    task = Task.TEXT_CLASSIFICATION
    combination = Combination(task, family, method, kinds_of(SPECS[task])[0])
    tree = combination.tree(write_splits(combination.kind.columns, combination.kind.problem, tmp_path))
    tree["model"]["name"] = str(pretrained(combination.architecture, tmp_path / "base"))
    methods = {other: SPECS[task].methods[other] for other in OTHERS[family]}
    monkeypatch.setitem(SPECS, task, replace(SPECS[task], methods=methods))
    with pytest.raises(RecipeError, match=", ".join(sorted(methods))) as refused:
        fine_tune(build_recipe(tree), name="x", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert refused.value.exit_code == 2
    assert not (tmp_path / "run").exists()
