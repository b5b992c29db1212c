"""The Python of a card, run by a process that has no toolkit, gives what the toolkit gives."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from run_results import recipe_of, result_of

from toolkit.adapters.scratch import open_from_scratch
from toolkit.data.vocabulary import train_tokenizer
from toolkit.hub.card.usage import FOLDER, brings_code, intended_use, snippet, unintended_use
from toolkit.names import Task
from toolkit.tasks import room_of
from toolkit.training.save import save_model

SENTENCES = ["Two dogs play in the snow.", "A man reads a book.", "눈 속에서 개 두 마리가 논다.", "The dogs read."] * 5
FORMS = {
    "translator": (Task.TRANSLATION, "encoder-decoder", "Two dogs read."),
    "answerer": (Task.TEXT_GENERATION, "encoder-decoder", "개가 논다."),
    "language-model": (Task.TEXT_GENERATION, "decoder", "A man"),
    "filler": (Task.FILL_MASK, "encoder", "The <mask> play."),
    "classifier": (Task.TEXT_CLASSIFICATION, "encoder", "A dog."),
}
SHAPE = {"hidden_size": 32, "encoder_layers": 1, "decoder_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
SHAPE |= {"tie_word_embeddings": False}  # else random weights repeat what they read, ``<mask>`` too
WORKER = """
import contextlib, io, json, sys
answers = {}
for name, code in json.load(open(sys.argv[1], encoding="utf-8")).items():
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    answers[name] = printed.getvalue()
assert not any(name.partition(".")[0] == "toolkit" for name in sys.modules)
print(json.dumps(answers))
"""


def _saved(name: str, home: Path) -> tuple[str, str]:
    """A model of random weights, the code of its card, and what the toolkit lets it say."""
    task, architecture, text = FORMS[name]
    torch.manual_seed(3)
    tokenizer = train_tokenizer(SENTENCES, kind="bpe", vocab_size=330, max_length=32)
    is_classifier = task is Task.TEXT_CLASSIFICATION
    opened = open_from_scratch(
        {"architecture": architecture, **SHAPE},
        tokenizer,
        head=room_of(task).head,
        labels=("no", "yes") if is_classifier else (),
        max_length=32,
        generation={"max_new_tokens": 9} if name == "translator" else None,
    )
    folder = save_model(opened.model, opened, home / name)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    recipe: dict[str, Any] = {"method": "scratch", "data": {"source": "a.csv", "max_length": 32}}
    recipe |= {"evaluation": {"generation": {"max_new_tokens": 9}}} if name == "translator" else {}
    result, resolved = result_of({"task": str(task), "family": architecture}), recipe_of(recipe)
    code = snippet(result, resolved, own_code=brings_code(resolved, config))
    code = code.replace(FOLDER, folder.as_posix()).replace("… <mask> …", text).replace("…", text)
    if is_classifier:
        return code, ""
    rows = Dataset.from_dict({"id": [0], "source" if architecture == "encoder-decoder" else "text": [text]})
    answers = room_of(task).answer(opened, rows, ())
    return code, answers.columns()["prediction"][0]


def test_snippets_need_no_toolkit_and_say_the_same(tmp_path: Path):
    codes, expected = {}, {}
    for name in FORMS:
        codes[name], expected[name] = _saved(name, tmp_path)
    (tmp_path / "codes.json").write_text(json.dumps(codes), encoding="utf-8")
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "worker.py", "codes.json"],
        cwd=tmp_path,
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path / "cache"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert "Do you wish to run" not in done.stdout
    answers = json.loads(done.stdout.splitlines()[-1])
    assert ast.literal_eval(answers["classifier"])[0]["label"] in ("no", "yes")
    assert answers["translator"] == expected["translator"] + "\n"
    assert answers["answerer"] == expected["answerer"] + "\n"
    # What plain transformers gives back of a language model begins with the text that was given.
    assert answers["language-model"] == FORMS["language-model"][2] + expected["language-model"] + "\n"
    # The filled-in token alone, where the toolkit gives the whole text.
    assert expected["filler"] == FORMS["filler"][2].replace(" <mask>", answers["filler"].removesuffix("\n"))


@pytest.mark.parametrize(
    ("task", "family", "word"),
    [
        ("translation", "encoder-decoder", "translating"),
        ("text-generation", "encoder-decoder", "answering"),
        ("text-generation", "decoder", "going on"),
        ("fill-mask", "encoder", "fine-tuning"),
        ("text-classification", "encoder", "labels below"),
    ],
)
def test_intended_use_is_in_plain_words(task: str, family: str, word: str):
    result, recipe = result_of({"task": task, "family": family}), recipe_of({})
    assert word in str(intended_use(result, recipe))
    longest = recipe_of({"data": {"source": "a.csv", "max_length": 1024}})
    told = " ".join(map(str, unintended_use(result, longest)))
    assert "1,024 tokens" in told
    assert "tokens" not in " ".join(map(str, unintended_use(result, recipe)))


def test_the_code_of_a_model_is_told_by_its_folder_before_its_recipe():
    assert brings_code(recipe_of({"method": "scratch"}), None)
    assert not brings_code(recipe_of({"method": "full"}), None)
    assert brings_code(recipe_of({"method": "full"}), {"auto_map": {}})
    assert not brings_code(recipe_of({"method": "lora"}), {"model_type": "bert"})
