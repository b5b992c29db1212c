"""Rows with several inputs in one prompt: read, put together, cut, counted, refused."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from writing_models import writing_model

from toolkit.adapters import LocatedModel
from toolkit.adapters.layouts import layout_for
from toolkit.data import prepare_texts
from toolkit.data.cut_texts import counting_cuts
from toolkit.data.encode import asked_texts
from toolkit.data.prepare_texts import TextData
from toolkit.data.row_keys import row_keys
from toolkit.data.rows import prepare_text_rows
from toolkit.errors import DataError, RecipeError
from toolkit.evaluation.inference.generate import texts_of
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.names import Task
from toolkit.recipe import Recipe, build_recipe
from toolkit.recipe.schema import ZeroShotSection
from toolkit.tasks import room_of
from toolkit.tasks.texts.settle import with_shots

PROMPT = "the film : {context} . {question} !"
ROWS = [{"context": f"a b c {'d e ' * n}f", "question": f"was the film {n} ?", "answer": "good"} for n in range(12)]


def recipe(source: Path, **data: Any) -> Recipe:
    """Return a recipe that asks questions about contexts."""
    section = {"source": str(source), "columns": {"target": "answer"}, "prompt": PROMPT, **data}
    return build_recipe({"task": "text-generation", "model": {"name": "m"}, "method": "full", "data": section})


def write(folder: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows to a file."""
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def prepared(source: Path, **data: Any) -> TextData:
    """Divide the data of a recipe."""
    made = recipe(source, **data)
    return prepare_texts(made.data, columns=made.text_columns)


def test_columns_are_found_by_the_names_in_the_prompt(tmp_path: Path) -> None:
    data = prepared(write(tmp_path, ROWS))
    assert data.train.column_names == ["id", "inputs", "target"]
    (first,) = asked_texts(data.train.select([0])[:], PROMPT)
    row = ROWS[data.train[0]["id"]]
    assert first == f"the film : {row['context']} . {row['question']} !"
    assert texts_of(data.train)[0] == f"{row['context']}\n{row['question']}"


def test_braces_in_data_are_text_and_every_input_is_in_normal_form_c(tmp_path: Path) -> None:
    rows = [{**row, "context": '{question} {"a": "\\n"} {', "question": "한국어 {context}"} for row in ROWS]
    decomposed = [{name: unicodedata.normalize("NFD", text) for name, text in row.items()} for row in rows]
    data, other = prepared(write(tmp_path, rows)), prepared(write(tmp_path, decomposed))
    assert data.digest == other.digest
    assert set(asked_texts(data.test[:], PROMPT)) == {'the film : {question} {"a": "\\n"} { . 한국어 {context} !'}


def test_each_input_counts_for_the_digest_and_for_rows_that_were_learnt(tmp_path: Path) -> None:
    data = prepared(path := write(tmp_path, ROWS))
    read = prepare_text_rows(
        [str(path)], wanted=("context", "question", "target"), columns={"target": "answer"}, require_reference=True
    )
    assert set(row_keys(data.train)) <= set(row_keys(read))
    assert data.digest != prepared(write(tmp_path, [{**row, "question": "was it ?"} for row in ROWS])).digest


def test_a_row_is_blank_where_all_inputs_or_the_answer_are(tmp_path: Path) -> None:
    rows = [{**row, "context": ""} for row in ROWS]
    assert prepared(write(tmp_path, rows)).warnings == ()
    rows[3] |= {"question": " "}
    rows[5] |= {"answer": ""}
    told = " ".join(prepared(write(tmp_path, rows), test_size=1, validation_size=0).warnings)
    assert "1 row (line 4)" in told
    assert "blank target, left out of the train split, in 1 row (line 6)" in told


def test_an_unknown_name_is_one_line_with_the_nearest_column(tmp_path: Path) -> None:
    with pytest.raises(DataError) as raised:
        prepared(write(tmp_path, ROWS), prompt="{contxt} {question}")
    (fault,) = raised.value.faults
    assert "no column 'contxt'; did you mean 'context'?" in fault.message


def test_other_columns_of_the_data_stand_in_data_columns(tmp_path: Path) -> None:
    rows = [{"passage 1": row["context"], "question": row["question"], "answer": "good"} for row in ROWS]
    columns = {"context": "passage 1", "target": "answer"}
    assert texts_of(prepared(write(tmp_path, rows), columns=columns).train)[0].startswith("a b c")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"prompt": "asks nothing"}, r"data.prompt: it lacks \{source\}"),
        ({"prompt": "{context} {target}"}, r"data.prompt: it shows \{target\}"),
        ({"columns": {"source": "context"}}, r"the prompt has no \{source\}, and data.columns names it; allowed"),
        ({"columns": {"contexts": "x"}}, "no column 'contexts'; did you mean 'context'"),
        ({"columns": {"context": ["a", "b"]}}, "context is one column"),
    ],
)
def test_a_prompt_that_does_not_fit_the_columns_is_refused(data: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        recipe(Path("rows.jsonl"), **data)


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_the_longest_input_is_cut_and_never_the_question(name: str, tmp_path: Path) -> None:
    folder = writing_model(name, tmp_path / "model")
    made = recipe(write(tmp_path, ROWS))
    opened = replace(room_of(Task.TEXT_GENERATION).open_untrained(made, LocatedModel(name, folder)), max_length=32)
    rows = Dataset.from_dict(
        {
            "id": [0, 1],
            "inputs": [
                json.dumps({"context": "a b c " * 30, "question": "was the film good"}),
                json.dumps({"context": "a b c", "question": "was the film good"}),
            ],
            "target": ["good", "bad"],
        }
    )
    layout = layout_for(opened, rows.column_names)
    with counting_cuts() as cuts:
        encoded = layout.encode(rows, opened.tokenizer, max_length=32)
    assert max(map(len, encoded["input_ids"])) <= 32
    assert (cuts.cut, cuts.longest > 90) == (1, True)
    for ids in (*encoded["input_ids"], *layout.prompts(rows, opened.tokenizer, max_length=64)):
        read = " ".join(opened.tokenizer.decode(ids, skip_special_tokens=True).split())
        assert re.search("the film (: )?a b c", read)
        assert "was the film good !" in read
    assert measure_likelihoods(opened, rows).characters.tolist() == [4, 3]


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_a_prompt_without_room_for_inputs_is_one_line(name: str, tmp_path: Path) -> None:
    folder = writing_model(name, tmp_path / "model")
    made = recipe(write(tmp_path, ROWS), prompt="the film " * 30 + "{context} {question}")
    opened = room_of(Task.TEXT_GENERATION).open_untrained(made, LocatedModel(name, folder))
    rows = Dataset.from_dict({"id": [0], "inputs": ['{"context": "a", "question": "b"}'], "target": ["c"]})
    with pytest.raises(RecipeError, match=r"data\.prompt: the prompt has \d+ tokens without its inputs"):
        layout_for(opened, rows.column_names).encode(rows, opened.tokenizer, max_length=20)


def test_examples_stand_before_several_inputs_and_are_left_out_first(tmp_path: Path) -> None:
    folder = writing_model("llama", tmp_path / "model")
    made = recipe(write(tmp_path, ROWS))
    opened = room_of(Task.TEXT_GENERATION).open_untrained(made, LocatedModel("llama", folder))
    train = prepared(tmp_path / "rows.jsonl").train
    rows = with_shots(train.select([0]), train, n_shots=2, prompt=PROMPT)
    layout = layout_for(opened, rows.column_names)
    (whole,) = layout.prompts(rows, opened.tokenizer, max_length=10_000)
    shown = [text.replace(":", "").split() for text in asked_texts(train.select([0, 1, 0])[:], PROMPT)]
    read = " ".join(opened.tokenizer.decode(whole, skip_special_tokens=True).split())
    assert [" ".join(words[:4]) in read for words in shown] == [True] * 3
    assert read.count("was the film") == 3
    (alone,) = layout.prompts(rows, opened.tokenizer, max_length=2 * len(whole) // 3)
    assert opened.tokenizer.decode(alone, skip_special_tokens=True).count("was the film") == 1


@pytest.mark.parametrize("data", [{}, {"prompt": None, "columns": {"source": "question", "target": "answer"}}])
def test_an_encoder_decoder_reads_no_examples(data: dict[str, Any], tmp_path: Path) -> None:
    made = recipe(write(tmp_path, ROWS), **data)
    shown = made.model_copy(update={"zero_shot": ZeroShotSection(shots=2)})
    with pytest.raises(RecipeError, match=r"zero_shot\.shots: examples stand before sources that a decoder answers"):
        room_of(Task.TEXT_GENERATION).open_untrained(shown, LocatedModel("t5", writing_model("t5", tmp_path / "model")))
