"""Every shipped recipe runs, for two steps where it trains, on a tiny model of its family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_models import pretrained

from toolkit.data.own_rows import load_for_rows
from toolkit.names import Method, Problem
from toolkit.recipe import Recipe, list_recipes, load_recipe
from toolkit.recipe.find import ShippedRecipe
from toolkit.workflow.apply import predict
from toolkit.workflow.fine_tune import fine_tune

TINY = {"encoder": "bert", "decoder": "gpt2", "encoder-decoder": "t5"}
ROWS = 60
FEW = ["data.max_length=16"]  # what else belongs to the recipe's own rows is left out by itself


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: pretrained(name, tmp_path_factory.mktemp(name) / name) for family, name in TINY.items()}


def rows_for(recipe: Recipe, sentences: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Rows with the columns that a recipe names, of the kind that it learns from."""
    answers = {
        Problem.SINGLE_LABEL: lambda i: ("negative", "positive")[i % 2],
        Problem.MULTI_LABEL: lambda i: ["joy", "fear"][: i % 3],
        Problem.REGRESSION: lambda i: i % 6 / 2,
    }[recipe.problem]
    of_words = {
        "tokens": lambda i: sentences[i % len(sentences)][0].split(),
        "tags": lambda i: [f"B-{word[0]}" if word in ("film", "movie") else "O" for word in of_words["tokens"](i)],
    }
    if recipe.task == "token-classification":
        return [{recipe.data.columns[name]: value(i) for name, value in of_words.items()} for i in range(ROWS)]
    names = {name: recipe.data.columns.get(name, name) for name in {*recipe.data.columns, *recipe.text_columns}}
    return [
        {
            column: answers(i) if name in ("label", "labels") else sentences[(i + len(name)) % len(sentences)][0]
            for name, column in names.items()
        }
        for i in range(ROWS)
    ]


def overrides_for(recipe: Recipe, family: str, tiny: dict[str, Path]) -> list[str]:
    """What brings a recipe down to a tiny model."""
    if recipe.way is Method.SCRATCH:
        changes = ["model.config.preset=tiny", "tokenizer.vocab_size=400"]
    else:
        changes = [f"model.name={tiny[family]}"]
    if recipe.zero_shot.scorer is not None:
        changes.append("zero_shot.scorer=similarity")  # no tiny model knows what follows from a sentence
    if recipe.way is Method.ZERO_SHOT:
        changes.append("zero_shot.label_words={negative: bad, positive: good}")  # words of the tiny tokenizer
    if recipe.method not in (Method.FEATURES, Method.ZERO_SHOT):
        changes.append("training.max_steps=2")
    if recipe.inputs:
        # the recipe's own prompt is longer than tiny models read
        template = "{% for message in messages %}{{ message.content }}\\n{% endfor %}"
        changes += ["data.prompt='{context} {question}'", "data.max_length=40", f'data.chat_template="{template}"']
    return changes


@pytest.mark.parametrize("shipped", list_recipes(), ids=lambda shipped: shipped.name)
def test_it_runs_on_a_tiny_model(
    shipped: ShippedRecipe, tiny: dict[str, Path], sentences: list[tuple[str, str]], tmp_path: Path
):
    written = load_recipe(shipped.path)
    file = tmp_path / "rows.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows_for(written, sentences)]
    file.write_text("\n".join(lines), encoding="utf-8")
    changes = overrides_for(written, shipped.family, tiny)
    recipe = load_for_rows(shipped.path, [f"data.source={file}", *FEW, *changes])
    run = fine_tune(recipe, name=shipped.name, output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert run.result.family == shipped.family
    assert run.result.method == shipped.method
    assert run.result.training.steps == (0 if recipe.way in (Method.FEATURES, Method.ZERO_SHOT) else 2)
    assert set(run.result.test.metrics) == set(recipe.metrics)
    weights = "model.safetensors" if recipe.model.quantization is None else "adapter_model.safetensors"
    assert (run.folder / "model" / weights).is_file() == (recipe.way is not Method.ZERO_SHOT)
    for page in ("README.md", "report.html"):
        named = recipe.model.name or "Transformer"
        assert named.split("/")[-1] in (run.folder / page).read_text(encoding="utf-8")
    if recipe.task == "text-classification":
        answers = predict(str(run.folder), [str(file)])
        assert len(answers) == ROWS
