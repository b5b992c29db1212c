"""Faults as files and shells have them, whole commands: rows that break off, long texts, recipes, streams."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoTokenizer

from toolkit.cli.main import run

ROWS = "".join(f"good film {i},pos\ndull film {i},neg\n" for i in range(20))
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command in an empty folder; gives its exit code and what it has written to each stream."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


# Rows that break off.

BROKEN: dict[str, tuple[str, str, str]] = {
    "ragged csv": ("a.csv", "text,label\na,b\nc,d,e\nf,g\n", "a.csv:3: 3 cells where the header has 2"),
    "ragged tsv": ("a.tsv", "text\tlabel\na\tb\nc\td\te\n", "a.tsv:3: 3 cells where the header has 2"),
    "short row": ("a.csv", 'text,label\n"a\nb",c\nonly\n', "a.csv:4: 1 cell where the header has 2"),
    "unclosed quote": ("a.csv", 'text,label\na,b\n"no end,c\nd,e\n', "a.csv:3: "),
    "bad line of JSON": ("a.jsonl", '{"text": "a"}\n\n{"text": \n{"text": "b"}\n', "a.jsonl:3: not valid JSON"),
    "bad object in a list": ("a.json", '[{"text": "a"},\n{"text": "b",}]\n', "a.json:2: not valid JSON"),
    "list that is not closed": ("a.json", '[{"text": "a"},\n{"text": "b"}\n', "a.json:3: the list is not closed"),
    "deep JSON": ("a.jsonl", '{"text": "a"}\n{"text": ' + "[" * 200_000 + "\n", "a.jsonl:2: nested too deeply"),
    "deep JSON in a list": ("a.json", '[{"text": "a"},\n{"text": ' + '{"a":' * 200_000, "a.json:2: nested too deeply"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_34_the_line_is_named(name: str, told: Told):
    file, content, words = BROKEN[name]
    Path(file).write_text(content, encoding="utf-8")
    code, out, err = told("doctor", "--data", file)
    assert (code, out) == (3, "")
    assert f"error: {words}" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("ends", ["\n\n\n", "\r\n\r\n", "\r\r"])
@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("a.csv", ["text,label", "a,b", "c,d"]),
        ("a.tsv", ["text\tlabel", "a\tb", "c\td"]),
        ("a.jsonl", ['{"text": "a", "label": "b"}', '{"text": "c", "label": "d"}']),
        ("a.txt", ["a", "c"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_34_empty_lines_at_the_end_are_no_rows(file: str, lines: list[str], ends: str, told: Told):
    end = ends[: len(ends) // (3 if ends[0] == ends[-1] and len(ends) == 3 else 2)]
    Path(file).write_bytes((end.join(lines) + end + ends).encode())
    code, out, _ = told("doctor", "--data", file)
    assert code == 0
    assert "\n2 rows, 0 without text\n" in out


def test_34_a_large_cell_is_told(told: Told):
    Path("a.csv").write_text(f'text,label\n{ROWS}"{"long " * 600_000}",pos\n', encoding="utf-8")
    code, out, _ = told("doctor", "--data", "a.csv")
    assert code == 0
    assert "11 to 3,000,000, median 12" in out
    assert "! a.csv: text cut to its first 200,000 characters in 1 row (line 42)" in out


# Texts that are longer than a model reads.


@pytest.fixture(scope="module")
def finished(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    tree = {**tiny_tree, "training": {**tiny_tree["training"], "max_steps": 2}}
    tree["data"] = {**tree["data"], "max_length": 16}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    arguments = ["fine-tune", str(folder / "recipe.yaml"), "--output-dir", str(folder / "run")]
    assert run([*arguments, "--ledger", str(folder / "trials.jsonl")]) == 0
    return folder


def test_36_what_is_cut_is_counted_and_the_head_is_read(finished: Path, told: Told):
    tokenizer = AutoTokenizer.from_pretrained(finished / "run" / "model")
    texts = ["the film is good " * n for n in (1, 2, 3, 4, 5, 9)] + ["영화가 정말 좋았다 " * 4, "a " * 14, "a " * 15]
    ids = [tokenizer(text, truncation=False)["input_ids"] for text in texts]
    n_cut = sum(len(each) > 16 for each in ids)
    assert {14, 15} <= {len(each) - 2 for each in ids}  # just short enough, and one too long
    Path("long.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    code, out, err = told("predict", str(finished / "run"), "long.jsonl", "--json")
    assert code == 0
    share, longest = 100 * n_cut / len(texts), max(map(len, ids))
    cut = f"{n_cut} of {len(texts)} texts ({share:.1f} %) are longer than max_length 16 and were cut"
    assert f"warning: {cut}; the longest has {longest} tokens" in err
    heads = [tokenizer.decode(each[1:15]) for each in ids if len(each) > 16]
    again = json.loads(told("predict", str(finished / "run"), *heads, "--json")[1])["predictions"]
    long = [row for row, each in zip(json.loads(out)["predictions"], ids, strict=True) if len(each) > 16]
    assert [row["probability"] for row in again] == pytest.approx([row["probability"] for row in long], abs=1e-6)
    rows = "".join(f"{text},{'pos' if i % 2 else 'neg'}\n" for i, text in enumerate(texts))
    Path("long.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    code, out, err = told("doctor", "--data", "long.csv", "--model", str(finished / "run" / "model"))
    share = f"{n_cut / len(texts):.0%} of the texts"
    assert code == 0
    assert n_cut / len(texts) > 0.2
    assert any(line.startswith("!") and share in line for line in out.splitlines()), out


def test_36_short_texts_are_passed_over_in_silence(finished: Path, told: Told):
    assert "cut" not in told("predict", str(finished / "run"), "a film", "--json")[2]


# Recipes.

GOOD = """\
task: text-classification
model: {name: packaged:minilm}
data: {source: reviews.csv}
method: full
training: {learning_rate: 1.0e-5}
"""
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)
RECIPES: dict[str, tuple[str | bytes, str]] = {
    "wrong type": (GOOD.replace("1.0e-5", "fast"), "recipe.yaml:5:27: training.learning_rate: found the text 'fast'"),
    "out of range": (GOOD.replace("1.0e-5", "-1"), "recipe.yaml:5:27: training.learning_rate: found -1"),
    "enumeration": (GOOD.replace("method: full", "method: ful"), "did you mean 'full'?"),
    "no": (GOOD + "seed: no\n", "recipe.yaml:6:7: seed: found the text 'no'"),
    "duplicate key": (GOOD + "method: lora\n", "recipe.yaml:6:1: duplicate key 'method'"),
    "tab": (GOOD + "hub:\n\trepo_id: a/b\n", "recipe.yaml:7:1: a tab indents this line"),
    "anchors": (BOMB, "the aliases (*) stand for more than"),
    "other encoding": (GOOD.encode() + "note: 한국어\n".encode("cp949"), "recipe.yaml:6:7: not UTF-8: byte 0xc7"),
    "utf-16": (GOOD.encode("utf-16"), "not UTF-8"),
    "empty": ("", "the recipe is empty"),
    "list at the top": ("- task: text-classification\n", "a recipe consists of keys with values"),
    "large": (GOOD + "#" * 1_000_000, "recipe.yaml: "),
    "several": (GOOD.replace("full", "ful").replace("1.0e-5", "fast"), "recipe.yaml:5:27: "),
}
VERBS = (("recipes", "check", "recipe.yaml"), ("fine-tune", "recipe.yaml", "--output-dir", "out"))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("name", RECIPES)
def test_52_recipes_are_refused_with_the_place(name: str, verb: tuple[str, ...], told: Told):
    content, words = RECIPES[name]
    Path("recipe.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    code, out, err = told(*verb)
    assert (code, out) == (2, ""), err
    assert words in err
    assert len(err.splitlines()) == (2 if name == "several" else 1)
    assert all(line.startswith("error: ") and len(line) < 500 for line in err.splitlines())
    assert [path.name for path in Path().iterdir()] == ["recipe.yaml"]


@pytest.mark.parametrize(("spelling", "value"), [("1e-5", 1e-5), ("1E-5", 1e-5), (".00001", 1e-5), ("1", 1.0)])
def test_52_spellings_of_numbers_that_yaml_reads_as_text(spelling: str, value: float, told: Told):
    Path("recipe.yaml").write_text(GOOD.replace("1.0e-5", spelling), encoding="utf-8")
    code, out, _ = told("recipes", "show", "recipe.yaml", "--resolved")
    assert code == 0
    assert yaml.safe_load(out)["training"]["learning_rate"] == value


def test_52_a_zero_in_front_does_not_make_a_number_octal(told: Told):
    Path("recipe.yaml").write_text(GOOD + "seed: 010\n", encoding="utf-8")
    assert yaml.safe_load(told("recipes", "show", "recipe.yaml", "--resolved")[1])["seed"] == 10


# Streams. Each line is a shell's, and RUN stands for a finished run.

needs_bash = pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="lines of a shell")
PLAIN = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "", "NO_COLOR": "1", "TERM": "dumb"}


def _shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    line = line.replace("toolkit ", f"{shlex.quote(sys.executable)} -m toolkit ")
    command = ["bash", "-c", f"set -o pipefail; {line}"]
    done = subprocess.run(command, capture_output=True, cwd=folder, timeout=300, env={**os.environ, **environment})
    done.stderr = re.sub("^loading .* …\n".encode(), b"", done.stderr)  # said before a library is imported
    return done


@pytest.fixture
def many(tmp_path: Path) -> str:
    texts = "".join(json.dumps({"text": f"영화 {i} 😀"}, ensure_ascii=False) + "\n" for i in range(500))
    (tmp_path / "many.jsonl").write_text(texts, encoding="utf-8")
    return "many.jsonl"


@needs_bash
@pytest.mark.parametrize("end", ["| head -n 1", "| head -c 1", "| true", ">&-", "| sleep 0"])
def test_58_a_reader_that_ends_early_is_no_fault(end: str, many: str, tmp_path: Path):
    done = _shell(f"toolkit doctor --data {many} {end}", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


@needs_bash
def test_58_a_reader_of_predictions_that_ends_early(finished: Path, many: str, tmp_path: Path):
    done = _shell(f"toolkit predict {shlex.quote(str(finished / 'run'))} {many} | head -n 1", tmp_path)
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (0, 1, b"")


@needs_bash
def test_58_a_plain_locale_gets_letters_whole_and_no_colours(finished: Path, many: str, tmp_path: Path):
    done = _shell(f"toolkit predict {shlex.quote(str(finished / 'run'))} {many} --json", tmp_path, **PLAIN)
    rows = json.loads(done.stdout)["predictions"]
    assert (done.returncode, done.stderr, len(rows), rows[7]["text"]) == (0, b"", 500, "영화 7 😀")
    done = _shell(f"toolkit doctor --data {many}", tmp_path, **PLAIN)
    assert (done.returncode, b"\n500 rows" in done.stdout, b"\x1b" in done.stdout + done.stderr) == (0, True, False)


@needs_bash
def test_58_stdout_has_one_object_and_stderr_what_is_said(finished: Path, tmp_path: Path):
    line = f"toolkit fine-tune {shlex.quote(str(finished / 'recipe.yaml'))} --output-dir out --ledger l --json"
    done = _shell(line, tmp_path, **PLAIN)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == "out"
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
    for closed, said in (("", b"error: nothing.csv: no such file\n"), ("2>&-", b"")):
        done = _shell(f"{line} data.source=nothing.csv {closed}", tmp_path, **PLAIN)
        assert (done.returncode, json.loads(done.stdout)["error"]["code"], done.stderr) == (3, 3, said)


@pytest.mark.skipif(sys.platform != "linux", reason="terminals of Linux")
def test_58_a_terminal_gets_no_more_than_a_file(finished: Path, tmp_path: Path, told: Told):
    """`script` gives a command a terminal of its own; --json is the same there."""
    if shutil.which("script") is None:
        pytest.skip("there is no program `script`")
    line = f"{shlex.quote(sys.executable)} -m toolkit recipes list --json"
    done = subprocess.run(["script", "-qec", line, "/dev/null"], capture_output=True, timeout=120, cwd=Path.cwd())
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(told("recipes", "list", "--json")[1])
