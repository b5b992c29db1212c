"""What people type by mistake: one line each, the right exit code, no traceback, nothing left behind."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from toolkit.cli.main import run

ROWS = "".join(f'"good film {i}",pos\n"dull film {i}",neg\n' for i in range(20))
GOOD = "text,label\n" + ROWS


@pytest.fixture
def folder(tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good recipe and good data, to be spoilt by a test."""
    monkeypatch.chdir(tmp_path)
    tree = copy.deepcopy(tiny_tree)
    tree["data"] = {"source": "data.csv", "test_size": 10, "validation_size": 4, "max_length": 16}
    tree["training"] |= {"max_steps": 2}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    (tmp_path / "data.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path


def _snapshot(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")}


def _recipe(old: str, new: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        text = (folder / "recipe.yaml").read_text(encoding="utf-8")
        assert old in text
        (folder / "recipe.yaml").write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def _data(content: str | bytes) -> Callable[[Path], object]:
    raw = content.encode("utf-8") if isinstance(content, str) else content
    return lambda folder: (folder / "data.csv").write_bytes(raw)


def _nothing(_: Path) -> None:
    pass


def _occupied(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("mine", encoding="utf-8")


RUN = ["fine-tune", "recipe.yaml", "--output-dir", "out"]
KOREAN = "text,label\n재미있는 영화 정말 좋아요,긍정\n지루한 영화 별로예요,부정\n"

REFUSED: dict[str, tuple[Callable[[Path], object], list[str], int, str]] = {
    "unknown key": (_recipe("learning_rate", "learning_rat"), RUN, 2, "did you mean 'learning_rate'?"),
    "unknown key at depth three": (_recipe("  max_length: 16", "  columns: {txet: a}"), RUN, 2, "'text'"),
    "wrong type": (_recipe("max_steps: 2", "max_steps: two"), RUN, 2, "recipe.yaml:"),
    "seed: no": (_recipe("method: full", "method: full\nseed: no"), RUN, 2, "seed"),
    "duplicate key": (_recipe("method: full", "method: full\nmethod: lora"), RUN, 2, "recipe.yaml:"),
    "override of nothing": (_nothing, [*RUN, "training.lr=1"], 2, "learning_rate"),
    "seeds that are no numbers": (_nothing, [*RUN, "--seeds", "a"], 2, "--seeds 0,1,2"),
    "unknown recipe": (_nothing, ["fine-tune", "movie-sentimnt"], 2, "movie-sentiment"),
    "unknown option": (_nothing, [*RUN, "--ouput-dir", "x"], 2, "ouput-dir"),
    "missing argument": (_nothing, ["fine-tune"], 2, "Missing argument 'RECIPE'"),
    "unknown verb": (_nothing, ["fine-tun"], 2, "fine-tun"),
    "max_length": (_recipe("max_length: 16", "max_length: 1000"), RUN, 2, "positions for 64"),
    "missing file": (lambda folder: (folder / "data.csv").rename(folder / "dat.csv"), RUN, 3, "dat.csv"),
    "empty file": (_data(""), RUN, 3, "data.csv"),
    "header only": (_data("text,label\n"), RUN, 3, "data.csv"),
    "wrong column": (_data(GOOD.replace("text", "txt", 1)), RUN, 3, "did you mean 'txt'?"),
    "duplicate column": (_data("text,label,text\na,b,c\n"), RUN, 3, "text"),
    "one class": (_data(GOOD.replace("neg", "pos")), RUN, 3, "'pos'"),
    "label missing": (_data(GOOD.replace('film 3",neg', 'film 3",')), RUN, 3, "data.csv: no label in 1 row (line 9)"),
    "ragged row": (_data(GOOD + "one,two,three\n"), RUN, 3, "data.csv:42"),
    "unclosed quote": (_data(GOOD + '"no end,pos\nmore,neg\n'), RUN, 3, "data.csv:42"),
    "undecodable bytes": (_data(GOOD.encode() + b"caf\xe9,pos\n"), RUN, 3, "encoding"),
    "occupied folder": (_occupied, RUN, 4, "something else than a run"),
    "output is a file": (lambda folder: (folder / "out").write_text("mine"), RUN, 4, "this is a file"),
    "output cannot be written": (_nothing, [*RUN[:-1], "data.csv/run"], 4, "cannot be written"),
    "no such model": (_nothing, [*RUN, "model.name=bert-base-uncasd"], 5, "packaged:minilm"),
    "no such packaged data": (_nothing, [*RUN, "data.source=packaged:roten-tomatoes"], 5, "rotten-tomatoes"),
    "predict: no such file": (_nothing, ["predict", "out", "dat.csv"], 3, "data.csv"),
    "predict: no such run": (_nothing, ["predict", "./out", "a text"], 5, "./out"),
    "predict: unknown suffix": (_nothing, ["predict", "out", "a text", "--output", "x.xlsx"], 2, ".parquet"),
    "evaluate: no such column": (
        _nothing,
        ["evaluate", "out", "--data", "data.csv", "--label-column", "lable"],
        3,
        "did you mean 'label'?",
    ),
    "doctor: no such file": (_nothing, ["doctor", "--data", "dta.csv"], 3, "data.csv"),
    "trials: no such trial": (_nothing, ["trials", "show", "abc"], 2, "abc"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("as_json", [False, True])
def test_refused(name: str, as_json: bool, folder: Path, capsys: pytest.CaptureFixture[str]):
    spoil, arguments, expected, words = REFUSED[name]
    if as_json and arguments[0] == "trials":
        arguments = [*arguments, "--json"]
    elif as_json:
        arguments = [arguments[0], *arguments[1:], "--json"]
    spoil(folder)
    before = _snapshot(folder)
    code = run(arguments)
    printed = capsys.readouterr()
    assert code == expected, printed.err
    assert words in printed.err
    errors = [line for line in printed.err.splitlines() if line.startswith("error: ")]
    assert errors
    assert all(line.startswith(("error: ", "warning: ", "data.csv: ")) for line in printed.err.splitlines())
    assert "Traceback" not in printed.err
    after = _snapshot(folder)
    if expected in (4, 5) and arguments[0] == "fine-tune":  # a failed trial stays in the ledger, and nothing else
        after = {path: size for path, size in after.items() if not path.startswith("runs")}
    assert after == before
    if as_json:
        (line,) = printed.out.splitlines()
        assert json.loads(line)["error"]["code"] == expected
    else:
        assert printed.out == ""


WORKS: dict[str, tuple[bytes, str]] = {
    "blank text": (GOOD.encode() + b'"  ",pos\n,neg\n', "blank"),
    "a cell of 3 MB": (GOOD.encode() + b'"' + b"long " * 600_000 + b'",pos\n', "characters"),
    "duplicates across splits": (GOOD.encode() + b"".join(b"same film,pos\n" for _ in range(20)), "test split"),
    "numeric text": (b"text,label\n" + b"".join(b"00%d,%d\n" % (i, i % 2) for i in range(40)), ""),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), ""),
    "windows line ends": (GOOD.replace("\n", "\r\n").encode(), ""),
    "korean in cp949": (b"text,label\n" + (KOREAN.split("\n", 1)[1] * 20).encode("cp949"), ""),
    "korean in utf-16": (("text,label\n" + KOREAN.split("\n", 1)[1] * 20).encode("utf-16"), ""),
}


@pytest.mark.parametrize("name", WORKS)
def test_works(name: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    content, words = WORKS[name]
    (folder / "data.csv").write_bytes(content)
    code = run([*RUN, "training.learning_rate=1E-5"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    warnings = [line for line in printed.err.splitlines() if line.startswith("warning: ")]
    assert any(words in line and any(c.isdigit() for c in line) for line in warnings) or not words, printed.err
    assert (folder / "out" / "metrics.json").is_file()


def test_class_only_in_the_test_split_is_counted_and_wrong(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "test.csv").write_text("text,label\na film,pos\nno film,neg\nmeh,mixed\n", encoding="utf-8")
    code = run([*RUN, "data.source=null", "data.train=data.csv", "data.test=test.csv", "--json"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    result = json.loads(printed.out)
    assert "mixed" in printed.err
    assert result["labels"] == ["neg", "pos"]
    assert result["splits"]["test"]["metrics"]["accuracy"]["value"] <= 2 / 3
    assert result["splits"]["test"]["confusion"]["counts"][2] in ([1, 0], [0, 1])
    assert result["run"] == "out"


def test_predictions_keep_text_that_looks_like_something_else(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(RUN) == 0
    texts = ["NA", "007", "None", "1e5", "null", "가나다"]
    (folder / "odd.csv").write_text("text\n" + "\n".join(texts) + "\n", encoding="utf-8")
    for suffix in ("csv", "jsonl", "parquet"):
        assert run(["predict", "out", "odd.csv", "--output", f"labelled.{suffix}"]) == 0
        capsys.readouterr()
        assert run(["predict", "out", f"labelled.{suffix}", "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)["predictions"]
        assert [row["text"] for row in rows] == texts
        assert [row["id"] for row in rows] == list(range(6))
    assert run(["predict", "out", "NA", "007", "--json"]) == 0
    assert [row["text"] for row in json.loads(capsys.readouterr().out)["predictions"]] == ["NA", "007"]


def _toolkit(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings.pop("env", {})}
    command = [sys.executable, "-m", "toolkit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120)


def test_help_imports_nothing_heavy():
    code = "import sys; from toolkit.cli.main import run; run(['--help']); print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout
    assert "fine-tune" in shown
    for heavy in ("torch", "transformers", "datasets", "pyarrow", "numpy", "pydantic", "rich", "sklearn"):
        assert f"'{heavy}'" not in shown


@pytest.mark.parametrize("verb", ["fine-tune", "evaluate", "predict", "doctor", "recipes list", "trials show"])
def test_every_verb_shows_an_example(verb: str, capsys: pytest.CaptureFixture[str]):
    assert run([*verb.split(), "--help"]) == 0
    assert f"toolkit {verb}" in capsys.readouterr().out.split("Example", 1)[1]


def test_plain_ascii_terminal_and_closed_pipe(tmp_path: Path):
    shown = _toolkit("recipes", "list", env={"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "NO_COLOR": "1"})
    assert shown.returncode == 0
    assert "movie-sentiment" in shown.stdout
    command = [sys.executable, "-m", "toolkit", "recipes", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() in ("", "loading torch …\n")  # if the libraries have to be asked


def test_without_a_network_a_hub_model_is_refused_soon(tmp_path: Path):
    """Not told to be offline, and nothing answers: the client must not retry for minutes."""
    closed = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    refused = _toolkit("predict", "nobody/nothing", "a text", env=closed)
    assert refused.returncode == 5
    assert "packaged:minilm" in refused.stderr
    assert "Traceback" not in refused.stderr
