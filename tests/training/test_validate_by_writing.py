"""The best checkpoint is chosen by what the model writes, and the figure is that of an evaluation on the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset
from writing_models import recipe_for, write_pairs, writing_model

from toolkit.adapters import LocatedModel
from toolkit.recipe import Recipe, build_recipe
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.tasks.texts.validate import MOST_WRITTEN, WrittenWhileTraining
from toolkit.workflow.apply import evaluate
from toolkit.workflow.fine_tune import fine_tune

STEPS = {
    "metric_for_best_model": "chrf",
    "max_steps": 12,
    "learning_rate": 0.02,
    "eval_strategy": "steps",
    "eval_steps": 3,
    "lr_scheduler_type": "constant",
    "warmup_steps": 0,
}


def _recipe(name: str, folder: Path, **training: object) -> Recipe:
    rows, columns = write_pairs(folder), {"source": "source", "target": "target"}
    task = "text-generation" if name == "llama" else "translation"
    data = {"validation_size": 6, "max_length": 38}
    if name != "own":
        model = writing_model(name, folder / name)
        return recipe_for(task, model, rows, columns, data=data, training={**STEPS, **training})
    shape = {"hidden_size": 16, "encoder_layers": 1, "decoder_layers": 1, "num_attention_heads": 2}
    return build_recipe(
        {
            "task": task,
            "model": {"config": {**shape, "intermediate_size": 16}},
            "tokenizer": {"vocab_size": 330},
            "data": {**data, "source": str(rows), "columns": columns, "test_size": 4},
            "method": "scratch",
            "training": {**STEPS, "bf16": False, **training},
            "evaluation": {"generation": {"max_new_tokens": 5}},
        }
    )


def _again(recipe: Recipe, run: Path, folder: Path) -> float:
    """The metric of `toolkit evaluate` on the validation rows."""
    event = next(
        entry
        for entry in map(json.loads, (run / "log.jsonl").read_text(encoding="utf-8").splitlines())
        if entry.get("event") == "validation"
    )
    validation = room_of(recipe.task).prepare(recipe).validation
    assert validation is not None
    assert (event["metric"], event["of_rows"], event["written_rows"]) == ("chrf", 6, list(validation["id"]))
    file = folder / "validation.jsonl"
    rows = [{name: row[name] for name in ("source", "target")} for row in validation]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    measured = evaluate(str(run), [str(file)]).splits["test"].metrics["chrf"].value
    assert measured is not None
    return measured


@pytest.mark.parametrize("name", ["llama", "t5", "own"])
def test_the_best_checkpoint_is_that_of_the_best_text(name: str, tmp_path: Path):
    recipe = _recipe(name, tmp_path)
    recipe = recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update={"metrics": ["chrf"]})})
    finished = fine_tune(recipe, name=name, output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    result: RunResult = finished.result
    curve = result.training.curve
    assert [point["step"] for point in curve] == [3, 6, 9, 12]
    assert all(point["loss"] is not None for point in curve)
    values = {point["step"]: point["chrf"] for point in curve}
    assert len(set(values.values())) > 1
    best = max(values, key=lambda step: (values[step], -step))
    assert result.training.best_step == best
    assert _again(recipe, finished.folder, tmp_path) == pytest.approx(values[best], abs=1e-6)


def test_training_stops_early_by_what_is_written(tmp_path: Path):
    recipe = _recipe("t5", tmp_path, early_stopping_patience=2, learning_rate=0.0)
    finished = fine_tune(recipe, name="t5", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert [point["step"] for point in finished.result.training.curve] == [3, 6, 9]


def test_no_more_than_some_rows_are_written(tmp_path: Path):
    texts = [str(number) for number in range(5 * MOST_WRITTEN)]
    rows = Dataset.from_dict({"id": list(range(len(texts))), "source": texts, "target": texts})
    recipe = _recipe("t5", tmp_path)
    opened = room_of(recipe.task).open(LocatedModel("t5", tmp_path / "t5"))
    facts = WrittenWhileTraining(opened, rows, "chrf").facts()
    assert len(facts["written_rows"]) == len(set(facts["written_rows"])) == MOST_WRITTEN
    assert (facts["written_rows"][0], facts["written_rows"][-1]) == (0, len(texts) - 1)
    assert facts["of_rows"] == len(texts)
