"""A run whose texts are drawn, and stop: what is saved, measured and proved of it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from transformers import AutoConfig, AutoModelForCausalLM
from writing_models import recipe_for, write_pairs, writing_model

from toolkit.errors import RecipeError
from toolkit.workflow.apply import predict
from toolkit.workflow.fine_tune import fine_tune
from toolkit.workflow.verify import verify

STOPS = [chr(letter) for letter in (*range(97, 110), *range(65, 80))]
"""Letters, which a model that has learnt nothing writes now and then."""


def test_a_run_that_draws_and_stops(tmp_path: Path, quick_processes: None):
    generation = {"do_sample": True, "temperature": 1.5, "max_new_tokens": 12, "stop_strings": STOPS}
    model = writing_model("qwen2", tmp_path / "qwen2")  # its tokens are bytes, so that texts have many
    config = AutoConfig.from_pretrained(model, max_position_embeddings=240)
    AutoModelForCausalLM.from_config(config).save_pretrained(model)
    recipe = recipe_for(
        "text-generation",
        model,
        write_pairs(tmp_path),
        {"source": "source", "target": "target"},
        generation=generation,
        data={"max_length": 240},
        seed=7,
        training={"learning_rate": 0.0},
    )
    recipe = recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update={"metrics": ["chrf"]})})
    run = fine_tune(recipe, name="draws", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl").folder
    kept = json.loads((run / "model" / "generation_config.json").read_text(encoding="utf-8"))
    assert (kept["stop_strings"], kept["seed"], kept["do_sample"]) == (STOPS, 7, True)
    measured = parquet.read_table(run / "predictions.parquet").to_pylist()
    for row in measured:  # measured in the run, and asked alone afterwards
        assert predict(str(run), [row["text"]]).rows()[0]["prediction"] == row["prediction"]
        assert not any(stop in row["prediction"] for stop in STOPS)
    golden = json.loads((run / "golden.json").read_text(encoding="utf-8"))
    assert golden["generation"]["stop_strings"] == STOPS
    assert golden["generation"]["do_sample"] is False
    assert any("prediction" in row for row in golden["rows"])
    assert verify(str(run)).passed
    assert ", tokenizer=tokenizer)" in (run / "README.md").read_text(encoding="utf-8")


def test_stops_that_no_token_can_tell(tmp_path: Path):
    recipe = recipe_for(
        "text-generation",
        writing_model("llama", tmp_path / "llama"),
        write_pairs(tmp_path),
        {"source": "source", "target": "target"},
        generation={"stop_strings": ["."]},
    )
    with pytest.raises(RecipeError, match=r"stop_strings: the library cannot find stops among the tokens of"):
        fine_tune(recipe, name="words", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert not (tmp_path / "run" / "model").exists()
