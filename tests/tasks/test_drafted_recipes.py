"""A recipe for a file: its columns are guessed, it can be checked and its rows prepared; some are carried out."""

from __future__ import annotations

import csv
import json
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from combinations import kinds_of
from task_rows import SCORES, VALUES
from tiny_models import pretrained

from toolkit.choose.draft.draft import Draft, draft_recipe
from toolkit.cli.main import run
from toolkit.data.vocabulary import train_tokenizer
from toolkit.errors import DataError, ResourceError
from toolkit.names import SPECS, Problem, Task
from toolkit.recipe import load_recipe, recipe_digest, recipe_text
from toolkit.tasks import room_of
from toolkit.workflow.fine_tune import fine_tune

KINDS = [(spec.task, kind) for spec in SPECS.values() for kind in kinds_of(spec)]
N_ROWS = 60
TINY = {
    Task.TEXT_CLASSIFICATION: "bert",
    Task.TOKEN_CLASSIFICATION: "bert",
    Task.TRANSLATION: "t5",
    Task.TEXT_GENERATION: "gpt2",
}


def rows_of(kind: Any) -> list[dict[str, Any]]:
    values = SCORES if kind.problem is Problem.REGRESSION else VALUES
    names = [name for name in kind.columns if not ("messages" in kind.columns and name == "target")]
    return [{name: values[name](i) for name in names} for i in range(N_ROWS)]


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows in the format of the suffix; lists as JSON where the format has none."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path
    flat = [
        {name: json.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell for name, cell in row.items()}
        for row in rows
    ]
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    elif path.suffix == ".xlsx":
        from openpyxl import Workbook

        book = Workbook()
        for cells in (list(flat[0]), *(list(row.values()) for row in flat)):
            book.active.append(cells)
        book.save(path)
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(flat[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(flat)
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: pretrained(name, tmp_path_factory.mktemp(name) / name) for name in sorted(set(TINY.values()))}


def draft(task: Task, file: Path, **more: Any) -> Draft:
    return draft_recipe(task, {"source": str(file)}, given=more.pop("given", {}), **more)


@pytest.mark.parametrize(("task", "kind"), KINDS, ids=lambda value: "-".join(getattr(value, "columns", [str(value)])))
def test_each_kind_of_rows_gives_a_recipe_that_prepares_them(
    task: Task, kind: Any, tiny: dict[str, Path], tmp_path: Path
):
    suffix = (".jsonl", ".parquet", ".csv", ".tsv", ".xlsx")[KINDS.index((task, kind)) % 5]
    file = write(tmp_path / f"rows{suffix}", rows_of(kind))
    model = str(tiny[TINY[task]]) if task in TINY else None
    made = draft(task, file, model=model, output=tmp_path / "own.yaml")
    loaded = load_recipe(made.path)
    assert recipe_digest(loaded) == recipe_digest(made.recipe)
    assert {
        name: name for name in kind.columns if name != "target" or "messages" not in kind.columns
    } == loaded.data.columns
    assert loaded.problem is (kind.problem or Problem.SINGLE_LABEL)
    prepared = room_of(task).prepare(loaded)
    assert len(prepared.train) + len(prepared.validation or ()) + len(prepared.test) == N_ROWS
    comments = [line for line in recipe_text(made.path).splitlines() if line.strip().startswith("#")]
    assert len(comments) > 6


@pytest.mark.parametrize(
    ("task", "index"), [(Task.TEXT_CLASSIFICATION, 0), (Task.TOKEN_CLASSIFICATION, 1), (Task.TEXT_GENERATION, 1)]
)
def test_it_is_carried_out(task: Task, index: int, tiny: dict[str, Path], tmp_path: Path):
    file = write(tmp_path / "rows.jsonl", rows_of(kinds_of(SPECS[task])[index]))
    made = draft(task, file, model=str(tiny[TINY[task]]), output=tmp_path / "own.yaml")
    few = [] if made.recipe.method == "features" else ["training.max_steps=2", "training.bf16=false"]
    recipe = load_recipe(made.path, few)
    done = fine_tune(recipe, name="own", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert done.result.test.rows == 12
    assert set(recipe.metrics) == set(done.result.test.metrics)


def korean(i: int) -> dict[str, Any]:
    words = ["영화가", "정말", "좋았다", "별로였다", "음악이", "배우의", "연기는", "지루했다"]
    return {
        "번호": i,
        "리뷰": " ".join(words[(i * k) % 8] for k in range(2, 7)) + f" {i}",
        "감정": ("긍정", "부정")[i % 2],
    }


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_korean_columns_in_both_forms_of_unicode(form: str, tmp_path: Path):
    rows = [{unicodedata.normalize(form, name): cell for name, cell in korean(i).items()} for i in range(N_ROWS)]
    made = draft(Task.TEXT_CLASSIFICATION, write(tmp_path / "리뷰.csv", rows), output=tmp_path / "own.yaml")
    names = {name: unicodedata.normalize("NFC", str(column)) for name, column in made.recipe.data.columns.items()}
    assert names == {"text": "리뷰", "label": "감정"}
    assert made.recipe.hub.language == ["ko"]
    assert made.recipe.model.name == "packaged:minilm"  # HF_HUB_OFFLINE
    assert "klue/" in made.text
    assert "reads Korean badly" in made.text


def uneven(i: int) -> dict[str, Any]:
    return {"comment": f"a comment about thing {i}", "kind": "rare" if i % 30 == 0 else "usual"}


def table(i: int) -> dict[str, Any]:
    return {"title": f"the title {i}", "body": f"the body of text {i} goes on", "kind": "ab"[i % 2]}


GUESSED: tuple[tuple[Task, Any, dict[str, Any]], ...] = (
    (
        Task.TEXT_CLASSIFICATION,
        uneven,
        {"columns": {"text": "comment", "label": "kind"}, "metrics": ["f1", "accuracy"]},
    ),
    (
        Task.TEXT_CLASSIFICATION,
        lambda i: {
            "sentence1": f"one {i} here",
            "sentence2": f"two {i} there",
            "score": i % 7 / 2,
            "genre": "ab"[i % 2],
        },
        {"columns": {"text": "sentence1", "text_pair": "sentence2", "label": "score"}, "problem": Problem.REGRESSION},
    ),
    (
        Task.TEXT_CLASSIFICATION,
        lambda i: {"comment": f"some words {i}", "toxic": i % 2, "insult": i // 2 % 2},
        {"columns": {"text": "comment", "labels": ["toxic", "insult"]}, "problem": Problem.MULTI_LABEL},
    ),
    (
        Task.TEXT_CLASSIFICATION,
        lambda i: {"comment": f"some words {i}", "topics": ["art;music", "art", "sport;art"][i % 3]},
        {"columns": {"text": "comment", "labels": "topics"}, "problem": Problem.MULTI_LABEL},
    ),
    (
        Task.TEXT_GENERATION,
        lambda i: {"instruction": f"say it {i}", "input": "" if i % 2 else f"the text {i}", "output": f"it is {i} now"},
        {"columns": {"instruction": "instruction", "input": "input", "target": "output"}},
    ),
    (
        Task.TEXT_GENERATION,
        lambda i: {"conversations": [{"from": "human", "value": f"hi {i}"}, {"from": "gpt", "value": f"yes {i}"}]},
        {"columns": {"messages": "conversations"}},
    ),
    (
        Task.SUMMARIZATION,
        lambda i: {"kurz": f"in short {i}", "lang": f"a long text about many things, number {i}, that goes on and on"},
        {"columns": {"source": "lang", "target": "kurz"}},
    ),
    (
        Task.TRANSLATION,
        lambda i: {"ko": f"그것은 {i} 입니다", "en": f"it is {i} now"},
        {"columns": {"source": "ko", "target": "en"}},
    ),
    (
        Task.TOKEN_CLASSIFICATION,
        lambda i: {"satz": ["Anna", "wohnt", f"in{i}", "Ulm"], "marke": ["B-PER", "O", "O", "B-LOC"]},
        {"columns": {"tokens": "satz", "tags": "marke"}},
    ),
)


@pytest.mark.parametrize("case", GUESSED, ids=lambda case: f"{case[0]}-{'-'.join(case[2]['columns'])}")
def test_columns_are_guessed_by_name_and_content(case: Any, tiny: dict[str, Path], tmp_path: Path):
    task, row, wanted = case
    file = write(tmp_path / "rows.jsonl", [row(i) for i in range(N_ROWS)])
    model = str(tiny[TINY.get(task, "t5")])
    made = draft(task, file, model=model, output=tmp_path / "own.yaml")
    assert made.recipe.data.columns == wanted["columns"]
    assert made.recipe.metrics[:2] == wanted.get("metrics", made.recipe.metrics[:2])
    assert made.recipe.problem is wanted.get("problem", Problem.SINGLE_LABEL)


@pytest.mark.parametrize(
    ("task", "rows"),
    [
        (Task.TEXT_CLASSIFICATION, [{"id": i, "name": f"n{i}"} for i in range(N_ROWS)]),
        (
            Task.TEXT_CLASSIFICATION,
            [{"a": f"first {i} text", "b": f"other {i} text", "c": "xy"[i % 2]} for i in range(N_ROWS)],
        ),
        (Task.TOKEN_CLASSIFICATION, [table(i) for i in range(N_ROWS)]),
        (Task.TRANSLATION, [uneven(i) for i in range(N_ROWS)]),
    ],
)
def test_what_is_not_plain_is_refused_with_what_was_found(task: Task, rows: list[dict[str, Any]], tmp_path: Path):
    file = write(tmp_path / "rows.csv", rows)
    with pytest.raises(DataError, match="it is not plain which columns") as caught:
        draft(task, file, output=tmp_path / "own.yaml")
    assert all(repr(name) in str(caught.value) for name in rows[0])
    assert not (tmp_path / "own.yaml").exists()


def test_a_vocabulary_has_room_for_korean(tmp_path: Path):
    # 600 syllables, each as frequent as the others: more than the tokens that so few rows would get.
    texts = ["".join(chr(0xAC00 + 16 * (i + shift)) for shift in range(60)) for i in range(0, 600, 3)]
    file = write(tmp_path / "x.csv", [{"text": text} for text in texts])
    drafted = draft_recipe(Task.FILL_MASK, {"source": str(file)}, given={}, output=tmp_path)
    assert drafted.recipe.tokenizer is not None
    size = drafted.recipe.tokenizer.vocab_size
    assert 261 + 2 * 0.95 * 600 < size < 2_000
    assert len(train_tokenizer(texts, kind="bpe", vocab_size=size, max_length=64)) <= size


def test_named_columns_decide(tmp_path: Path):
    file = write(tmp_path / "rows.csv", [table(i) for i in range(N_ROWS)])
    made = draft(Task.TEXT_CLASSIFICATION, file, given={"text": "title"}, output=tmp_path / "own.yaml")
    assert made.recipe.data.columns == {"text": "title", "label": "kind"}
    with pytest.raises(DataError, match="did you mean 'title'"):
        draft(Task.TEXT_CLASSIFICATION, file, given={"text": "titel"}, output=tmp_path / "other.yaml")


def test_a_file_is_never_replaced(tmp_path: Path):
    file = write(tmp_path / "rows.csv", [uneven(i) for i in range(N_ROWS)])
    (tmp_path / "rows.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ResourceError, match="exists already"):
        draft(Task.TEXT_CLASSIFICATION, file, output=tmp_path)
    assert (tmp_path / "rows.yaml").read_text(encoding="utf-8") == "mine"


def test_vectors_need_the_names_of_their_places(tmp_path: Path):
    rows = [{"text": f"hello there {i}", "labels": [i % 2, i // 2 % 2]} for i in range(N_ROWS)]
    file = write(tmp_path / "rows.jsonl", rows)
    with pytest.raises(DataError, match="or --labels"):
        draft(Task.TEXT_CLASSIFICATION, file, output=tmp_path / "own.yaml")
    data = {"source": str(file), "labels": ["joy", "fear"]}
    made = draft_recipe(Task.TEXT_CLASSIFICATION, data, given={}, output=tmp_path / "own.yaml")
    assert made.recipe.data.labels == ["joy", "fear"]
    assert made.facts.report.classes == {"joy": 30, "fear": 30}


def test_the_command_says_each_line_once_and_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    rows = [f"{('good', 'bad')[i % 2]} film number {i},{('pos', 'neg')[i % 2]}" for i in range(N_ROWS)]
    (tmp_path / "no header.csv").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", None)
    assert run(["recipes", "new", "--task", "text-classification", "--data", "no header.csv"]) == 0
    out, err = capsys.readouterr()
    assert err.count("no header, as the first row looks like the others") == 1
    command = shlex.split(out.splitlines()[-1])
    assert command == ["toolkit", "fine-tune", "no header.yaml"]
    assert run(["recipes", "check", command[-1]]) == 0
    assert run(["recipes", "new", "--task", "text-classification", "--data", "no header.csv"]) == 4
    assert run(["recipes", "new", "--task", "text-clasification", "--data", "no header.csv"]) == 2
    assert run(["recipes", "new", "--task", "translation", "--data", "no header.csv", "--output", "other.yaml"]) == 3
