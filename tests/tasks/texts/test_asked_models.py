"""Pretrained models that write without training: by a prompt, by T5's own prefix, and after examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer
from writing_models import recipe_for, write_pairs, writing_model

from toolkit.adapters import LocatedModel
from toolkit.data.messages import CHAT
from toolkit.errors import RecipeError
from toolkit.methods import METHODS
from toolkit.recipe import Recipe, build_recipe
from toolkit.tasks import room_of
from toolkit.workflow.apply import predict
from toolkit.workflow.fine_tune import fine_tune

PAIR = {"source": "source", "target": "target"}


def untrained(task: str, model: Path, rows: Path, **sections: object) -> Recipe:
    tree = recipe_for(task, model, rows, PAIR).model_dump(mode="json", serialize_as_any=True)
    data = {key: tree["data"][key] for key in ("source", "columns", "test_size", "validation_size", "max_length")}
    kept = {"task": task, "model": {"name": str(model)}, "data": data, "method": "zero-shot"}
    return build_recipe({**kept, "evaluation": {"generation": {"max_new_tokens": 5, "num_beams": 1}}, **sections})


def test_a_decoder_writes_after_the_task_s_own_prompt(tmp_path: Path) -> None:
    model, rows = writing_model("llama", tmp_path / "body"), write_pairs(tmp_path)
    recipe = untrained("summarization", model, rows)
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    asked = room.ask(recipe, data, LocatedModel("model", model), on_open=lambda: None)
    assert asked.log == {"prompt": "Summarize the following text in one sentence.\n\n{source}", "shots": 0}
    plain, tokenizer = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    for source, answer in zip(data.test["source"], asked.answers.columns()["prediction"], strict=True):
        text = asked.log["prompt"].replace("{source}", source) + "\n"
        inputs = tokenizer(text, add_special_tokens=False, return_tensors="pt")
        ids = plain.generate(**inputs, max_new_tokens=5, do_sample=False, pad_token_id=0)
        assert tokenizer.decode(ids[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True) == answer


def test_examples_stand_before_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = writing_model("llama", tmp_path / "body"), write_pairs(tmp_path)
    recipe = untrained("summarization", model, rows, zero_shot={"shots": 2, "language": "ko"})
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    seen: list[str] = []
    monkeypatch.setattr(room, "answer", lambda opened, rows, metrics: seen.extend(rows[CHAT]))
    room.ask(recipe, data, LocatedModel("model", model), on_open=lambda: None)
    chat = json.loads(seen[0])
    assert [message["role"] for message in chat] == ["user", "assistant", "user", "assistant", "user"]
    assert chat[1]["content"] == data.train["target"][0]
    assert chat[-1]["content"] == f"다음 글을 한 문장으로 요약하세요.\n\n{data.test['source'][0]}"


def test_t5_is_asked_with_its_own_prefix(tmp_path: Path) -> None:
    model, rows = writing_model("t5", tmp_path / "body"), write_pairs(tmp_path)
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config["task_specific_params"] = {"summarization": {"prefix": "the film : "}}
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    recipe = untrained("summarization", model, rows)
    room = room_of(recipe.task)
    asked = room.ask(recipe, room.prepare(recipe), LocatedModel("model", model), on_open=lambda: None)
    assert asked.log["prompt"] == "the film : {source}"


def test_a_run_without_training_is_kept_and_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model, rows = writing_model("gpt2", tmp_path / "body"), write_pairs(tmp_path)
    run = fine_tune(untrained("translation", model, rows), name="asked")
    assert (run.folder / "README.md").is_file()
    again = predict(str(run.folder), ["the film is good"]).rows()
    assert [set(row) for row in again] == [{"id", "text", "prediction"}]


def test_an_encoder_decoder_goes_on_with_no_text(tmp_path: Path) -> None:
    model = writing_model("t5", tmp_path / "body")
    (tmp_path / "texts.txt").write_text("the film\nis good\n" * 10, encoding="utf-8")
    recipe = recipe_for("text-generation", model, tmp_path / "texts.txt", {"text": "text"})
    with pytest.raises(RecipeError, match="is an encoder-decoder, which answers sources; name source and target"):
        METHODS[recipe.way](room_of(recipe.task), recipe, room_of(recipe.task).prepare(recipe), work=tmp_path)
