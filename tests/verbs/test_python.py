"""The functions of ``import toolkit``: the same work as the command line, on rows in memory."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

import toolkit
from toolkit.errors import DataError, IntegrityError, RecipeError, ToolkitError
from toolkit.progress import progress_bar
from toolkit.trials.finished import FinishedRun, read_run
from toolkit.verbs.work import working
from toolkit.workflow.fine_tune import fine_tune as by_recipe

EPOCHS = {"training.num_train_epochs": 1}


@pytest.fixture(scope="module")
def frame(reviews: Path) -> pd.DataFrame:
    return pd.read_csv(reviews)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("python")


def _learn(tiny_tree: dict[str, Any], rows: Any, folder: Path, **changes: Any) -> toolkit.Run:
    tree = copy.deepcopy(tiny_tree)
    tree["data"]["source"] = rows
    return toolkit.fine_tune(tree, EPOCHS, output_dir=folder, ledger=folder.parent / "trials.jsonl", **changes)


@pytest.fixture(scope="module")
def run(tiny_tree: dict[str, Any], frame: pd.DataFrame, folder: Path) -> toolkit.Run:
    return _learn(tiny_tree, frame, folder / "run")


def _digest(run: FinishedRun | toolkit.Run) -> str:
    return str(json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))["data"]["digest"])


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def test_rows_in_memory_give_the_digest_and_the_weights_of_their_file(run, tiny_tree, folder):
    from toolkit.recipe import build_recipe

    recipe = build_recipe(tiny_tree, ["training.num_train_epochs=1"])
    of_file = by_recipe(recipe, name="file", output_dir=folder / "file", ledger=folder / "trials.jsonl")
    assert _digest(of_file) == _digest(run)
    one, other = _weights(of_file.folder), _weights(run.folder)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert {name: entry.value for name, entry in of_file.result.test.metrics.items()} == dict(run.metrics)


def test_the_same_rows_again_show_the_finished_run(run, tiny_tree, frame):
    shuffled_index = frame.set_index(np.zeros(len(frame), dtype=int))
    again = _learn(tiny_tree, shuffled_index, run.folder)
    assert again.finished.read_back
    assert again.metrics == run.metrics


def test_keywords_say_what_a_recipe_says(tiny_tree, frame, folder, run):
    renamed = frame.rename(columns={"text": "review", "label": "stars"})
    training = {**tiny_tree["training"], "num_train_epochs": np.int64(1)}
    data = {key: value for key, value in tiny_tree["data"].items() if key != "source"}
    seen: list[int] = []

    class Steps(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            seen.append(state.global_step)

    other = toolkit.fine_tune(
        task="text-classification",
        model=Path(tiny_tree["model"]["name"]),
        data={"source": renamed, **data},
        columns={"text": "review", "label": "stars"},
        training=training,
        output_dir=folder / "keywords",
        ledger=folder / "trials.jsonl",
        callbacks=[Steps()],
    )
    assert _digest(other) == _digest(run)
    assert seen == [1, 2, 3]
    one, other_weights = _weights(run.folder), _weights(other.folder)
    assert all(torch.equal(one[name], other_weights[name]) for name in one)


def test_a_run_is_plain_objects_of_transformers(run):
    assert isinstance(run.model, PreTrainedModel)
    assert isinstance(run.tokenizer, PreTrainedTokenizerBase)
    text = "a moving and funny film"
    answer = run.pipeline()(text)[0]
    predicted = run.predict([text])[0]
    assert answer["label"] == predicted["prediction"]
    assert answer["score"] == pytest.approx(predicted["probability"], abs=1e-5)


TEXTS = ["a moving film", "dull, see notes.csv"]
WAYS_TO_GIVE_TEXTS = {
    "texts": lambda: TEXTS,
    "tuple": lambda: tuple(TEXTS),
    "generator": lambda: (text for text in TEXTS),
    "series": lambda: pd.Series(TEXTS, index=[7, 7]),
    "polars series": lambda: pl.Series(TEXTS),
    "array": lambda: np.array(TEXTS),
    "dicts": lambda: [{"text": text} for text in TEXTS],
    "generator of dicts": lambda: ({"text": text} for text in TEXTS),
    "frame": lambda: pd.DataFrame({"text": TEXTS, "label": ["anything", "else"]}, index=[1, 1]),
    "polars": lambda: pl.DataFrame({"text": TEXTS}),
    "data set": lambda: datasets.Dataset.from_dict({"text": TEXTS}),
    "columns": lambda: {"text": TEXTS},
    "categories": lambda: pd.DataFrame({"text": pd.Categorical(TEXTS)}),
    "nullable": lambda: pd.DataFrame({"text": pd.array(TEXTS, dtype="string")}),
}


@pytest.mark.parametrize("way", WAYS_TO_GIVE_TEXTS)
def test_predict_answers_each_row_however_it_is_given(run, way):
    predicted = toolkit.predict(run, WAYS_TO_GIVE_TEXTS[way]())
    assert [row["text"] for row in predicted] == TEXTS
    assert [row["id"] for row in predicted] == [0, 1]
    assert [row["prediction"] for row in predicted] == [row["prediction"] for row in toolkit.predict(run, TEXTS)]
    assert list(predicted.to_pandas()["text"]) == TEXTS


@pytest.mark.parametrize("text", ["a moving film", "-", "a film, see\nreviews.csv", "packaged:rotten-tomatoes"])
def test_a_text_alone_is_one_row(run, text):
    assert [row["text"] for row in toolkit.predict(run, text)] == [text]


def test_a_model_is_named_by_any_of_its_objects(run):
    from toolkit.verbs.named import name_of

    named = [run, run.finished, run.folder, str(run.folder), toolkit.load(run.folder), read_run(run.folder)]
    assert {name_of(model) for model in named} == {str(run.folder)}
    assert toolkit.predict(run.finished, TEXTS[0])[0] == run.predict(TEXTS)[0]


def test_a_file_is_a_path_or_a_name_alone_and_a_text_in_a_list(run, write_csv, monkeypatch, caplog):
    path = write_csv([("one", "x"), ("two", "y")], name="some.csv")
    monkeypatch.chdir(path.parent)
    assert [row["text"] for row in toolkit.predict(run, Path("some.csv"))] == ["one", "two"]
    assert [row["text"] for row in toolkit.predict(run, [Path("some.csv")])] == ["one", "two"]
    assert [row["text"] for row in toolkit.predict(run, "some.csv")] == ["one", "two"]
    assert not caplog.messages
    assert [row["text"] for row in toolkit.predict(run, ["some.csv"])] == ["some.csv"]
    assert any("Path('some.csv')" in message for message in caplog.messages)


def test_predictions_are_written_and_shown(run, tmp_path):
    predicted = toolkit.predict(run, [f"text {i} <b>" for i in range(30)], output=tmp_path / "a.csv")
    predicted.write(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    html = predicted._repr_html_()
    assert html.count("<tr>") == 21
    assert "and 10 more rows" in html
    assert "<b>" not in html.replace("<bdi>", "")
    assert "text 0 &lt;b&gt;" in html
    with pytest.raises(ToolkitError, match="xml"):
        predicted.write(tmp_path / "b.xml")


def test_evaluate_gives_the_metrics_of_the_command_line(run, frame, reviews):
    from toolkit.workflow.apply import evaluate

    measured = toolkit.evaluate(run, frame)
    of_file = evaluate(str(run.folder), [str(reviews)])
    assert dict(measured.metrics) == {name: entry.value for name, entry in of_file.test.metrics.items()}
    assert measured.result.test.seen is not None
    html = measured._repr_html_()
    assert "Confusion" in html
    assert "95 % interval" in html


def test_a_run_shows_its_table_curves_and_confusion(run):
    html = run._repr_html_()
    assert html.count('class="lines"') == 2
    assert "Confusion" in html
    assert "Most frequent class" in html
    assert "<html" not in html
    assert run.result.data.source.startswith("memory:DataFrame-")
    assert f"toolkit predict {run.folder}" in str(run)
    assert repr(run).startswith(f"Run({str(run.folder)!r}, accuracy=")


def test_a_class_label_is_its_name_and_its_order(tiny_tree, frame, folder):
    labels = sorted(set(frame["label"]), reverse=True)
    data = datasets.Dataset.from_pandas(frame).cast_column("label", datasets.ClassLabel(names=labels))
    parts = datasets.DatasetDict({"train": data.select(range(90)), "test": data.select(range(90, 120))})
    tree = {**tiny_tree, "data": {"validation_size": 15, "max_length": 32}}
    run = toolkit.fine_tune(tree, EPOCHS, data=parts, output_dir=folder / "labels", ledger=folder / "trials.jsonl")
    assert run.result.labels == tuple(labels)
    assert run.result.test.rows == 30
    assert run.result.splits["train"].rows == 75


WRONG = {
    "no column": (lambda frame: frame.rename(columns={"label": "labl"}), "did you mean 'labl'"),
    "no rows": (lambda frame: frame.head(0), "no rows"),
    "empty list": (lambda frame: [], "no rows"),
    "a number": (lambda frame: 7, "type int holds no rows"),
    "twice": (lambda frame: frame.set_axis(["text", "text"], axis="columns"), "duplicate column 'text'"),
    "lists of numbers": (lambda frame: [[1, 2]], "item 0 is of type list"),
    "a function": (lambda frame: [{"text": print, "label": "x"}], "column 'text' holds a value of type"),
    "lists as text": (lambda frame: frame.assign(text=[["a"]] * len(frame)), "holds lists"),
    "missing label": (
        lambda frame: frame.assign(label=pd.array([None] + [1, 2] * 59 + [1], dtype="Int64")),
        "no label in 1 row",
    ),
    "texts alone": (lambda frame: list(frame["text"]), "no column 'label'"),
    "files and rows": (lambda frame: [Path("a.csv"), {"text": "b"}], "not both"),
    "absent file": (lambda frame: Path("absent.csv"), "no such file"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_rows_that_cannot_be_read_are_told_before_any_work(tiny_tree, frame, tmp_path, wrong):
    make, words = WRONG[wrong]
    with pytest.raises(ToolkitError, match=words):
        _learn(tiny_tree, make(frame), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_rows_of_a_process_that_has_ended_say_how_to_give_them_again(tmp_path, tiny_tree):
    with pytest.raises(DataError, match=r"were in the memory of a Python program.*data=rows"):
        _learn(tiny_tree, "memory:DataFrame-00000000", tmp_path / "run")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((pd.DataFrame({"text": ["a"]}),), "rows are given as data=rows"),
        (({"task": "text-classification", "trainig": {}},), "trainig.*did you mean 'training'"),
        (("movie-sentimnt",), "did you mean 'movie-sentiment'"),
        (("movie-sentiment", {"training.learning_rte": 1}), "did you mean 'learning_rate'"),
        (("movie-sentiment", "training.num_train_epochs"), "an override is key=value"),
    ],
)
def test_a_recipe_is_refused_with_the_words_of_the_command_line(arguments, words):
    with pytest.raises(RecipeError, match=words):
        toolkit.fine_tune(*arguments)


def test_a_model_that_is_none_is_refused(run, frame):
    with pytest.raises(RecipeError, match="type DataFrame; give a run"):
        toolkit.predict(frame, frame)
    with pytest.raises(RecipeError, match=r"is no transformers\.TrainerCallback"):
        toolkit.fine_tune("movie-sentiment", callbacks=[print])
    with pytest.raises(RecipeError, match="features takes no steps"):
        toolkit.fine_tune("movie-features", callbacks=[TrainerCallback()])
    with pytest.raises(RecipeError, match="did you mean 'onnx'"):
        toolkit.export(run, format="onxx", output_dir="somewhere")
    with pytest.raises(RecipeError, match="add --model"):
        toolkit.doctor(frame, output="checked.csv")
    with pytest.raises(RecipeError, match="name the labels"):
        toolkit.zero_shot("packaged:minilm", ["a"], labels="good")


def test_one_set_of_rows_is_measured_at_a_time(run, frame):
    data = datasets.Dataset.from_pandas(frame)
    with pytest.raises(RecipeError, match=r"several sets of rows, train, test.*data\['train'\]"):
        toolkit.evaluate(run, datasets.DatasetDict({"train": data, "test": data}))


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bars_are_drawn_on_a_terminal_and_end_with_their_work(monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with working(), progress_bar("training", 4, start=1) as bar:
        bar.advance(3, note="loss 0.5")
    shown = terminal.getvalue()
    assert "training" in shown
    assert shown.rstrip(" ").endswith("\r")  # nothing of the bar is left
    monkeypatch.setattr(sys, "stderr", quiet := io.StringIO())
    with working(), progress_bar("training", 4) as bar:
        bar.advance()
    assert quiet.getvalue() == ""


def test_the_doctor_looks_at_rows_in_memory(frame):
    found = toolkit.doctor(pd.concat([frame, frame.head(3)]))
    assert any("duplicate" in line or "repeat" in line for line in (*found.warnings, str(found)))
    assert "memory:DataFrame" in found.recipe
    assert "<pre>" in found._repr_html_()
    splits = toolkit.doctor(train=frame.head(60), test=frame.tail(60))
    assert list(splits.found.data.splits) == ["train", "test"]


def test_extract_and_zero_shot_take_texts(tiny_bert, tmp_path):
    extracted = toolkit.extract(tiny_bert, TEXTS, output=tmp_path / "f.parquet")
    assert extracted.features.shape == (2, 32)
    alone = toolkit.extract(str(tiny_bert), pd.DataFrame({"text": TEXTS}))
    assert np.array_equal(np.asarray(alone.features), np.asarray(extracted.features))
    answers = toolkit.zero_shot(tiny_bert, TEXTS, labels=["good", "bad"], scorer="similarity")
    assert {row["prediction"] for row in answers} <= {"good", "bad"}
    assert "probability:good" in answers.columns


def test_a_model_without_a_run_opens_as_it_is(tiny_bert):
    model = toolkit.load(tiny_bert)
    assert type(model) is toolkit.Model
    assert type(model.model).__name__ == "BertModel"
    with pytest.raises(RecipeError, match="has no task"):
        model.pipeline()


def test_a_damaged_run_is_refused(run, tmp_path):
    import shutil

    damaged = tmp_path / "run"
    shutil.copytree(run.folder, damaged)
    (damaged / "metrics.json").write_text("{", encoding="utf-8")
    with pytest.raises(IntegrityError):
        toolkit.load(damaged)


class _Interrupt(TrainerCallback):
    """The kernel's signal after the first step; the next one is the last."""

    def on_step_end(self, args, state, control, **_):
        if state.global_step == 1:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal can be sent to oneself")
def test_an_interrupted_kernel_leaves_a_run_that_goes_on(tiny_tree, frame, folder, run):
    place = folder / "interrupted"
    with pytest.raises(KeyboardInterrupt, match="the same call goes on"):
        _learn(tiny_tree, frame, place, callbacks=[_Interrupt()])
    assert not place.exists()
    resumed = _learn(tiny_tree, frame, place)
    log = (place / "log.jsonl").read_text(encoding="utf-8")
    assert {"event": "resume", "step": 2} in [json.loads(line) for line in log.splitlines()]
    one, other = _weights(run.folder), _weights(resumed.folder)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_import_is_light_and_changes_no_setting():
    code = (
        "import os, sys; before = dict(os.environ)\n"
        "import toolkit\n"
        "heavy = {'torch', 'transformers', 'datasets', 'pandas', 'pyarrow', 'numpy', 'huggingface_hub', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert dict(os.environ) == before\n"
        "assert set(toolkit.__all__) <= set(dir(toolkit))\n"
        "assert callable(toolkit.choose)\n"
        "from toolkit.choose.measure.budget import seconds_of\n"
        "assert callable(toolkit.choose)\n"
        "import toolkit.choose.measure.budget as module\n"
        "assert module.seconds_of is seconds_of\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_DISABLE_XET"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_every_public_name_is_there():
    import inspect

    for name in toolkit.__all__:
        assert getattr(toolkit, name).__doc__
    assert "budget" in inspect.signature(toolkit.choose).parameters
    with pytest.raises(AttributeError):
        toolkit.nothing  # noqa: B018


def test_nothing_is_written_to_stdout(run, tiny_tree, frame, tmp_path, capfd):
    _learn(tiny_tree, frame.head(80), tmp_path / "run")
    toolkit.predict(run, TEXTS)
    assert capfd.readouterr().out == ""


def test_csv_and_frame_are_one_data_set_also_with_hard_cells(tmp_path):
    from toolkit.data.readers_memory import memory_table
    from toolkit.data.sources import read_table

    rows = [("한국어", "1"), ('a, "b"\nc', "2"), ("007", "1")]
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    frame = pd.DataFrame(rows, columns=["text", "label"]).astype({"label": int})
    of_file, of_frame = read_table(str(path)), memory_table(frame)
    assert {name: list(cells) for name, cells in of_file.columns.items()} == {
        name: list(cells) for name, cells in of_frame.columns.items()
    }
