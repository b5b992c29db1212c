"""The built wheel, installed by itself, does the work; the saved model needs no toolkit at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

ROOT = Path(__file__).resolve().parent.parent

WITHOUT_TOOLKIT = """
import json, sys
sys.modules["toolkit"] = None  # any import of it fails
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
folder, texts = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
model = AutoModelForSequenceClassification.from_pretrained(folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
answers = []
for text in texts:
    with torch.inference_mode():
        probabilities = model(**tokenizer(text, truncation=True, return_tensors="pt")).logits.softmax(-1)[0]
    best = int(probabilities.argmax())
    answers.append([model.config.id2label[best], float(probabilities[best])])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which ``toolkit`` comes from the wheel's files and not from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(folder / "site")
    assert "toolkit/_shipped/recipes/encoder/movie-sentiment.yaml" in names
    assert "toolkit/_shipped/model_cards/card.md.jinja" in names
    assert "toolkit/py.typed" in names
    assert not [name for name in names if name.startswith("tests/")]
    return {**os.environ, "PYTHONPATH": str(folder / "site"), "HF_HUB_OFFLINE": "1"}


COMMANDS = """
import contextlib, json, sys
import toolkit
from toolkit.cli.main import run
codes = []
for number, command in enumerate(json.loads(sys.stdin.read())):
    with open(f"said-{number}", "w", encoding="utf-8") as stdout, contextlib.redirect_stdout(stdout):
        codes.append(run(command))
print(json.dumps([toolkit.__file__, codes]))
"""


def _said(environment: dict[str, str], folder: Path, *commands: list[str]) -> list[str]:
    """Run command lines of the wheel's toolkit in one process, whose imports take longer than they do."""
    finished = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        input=json.dumps(commands),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    where, codes = json.loads(finished.stdout)
    assert where.startswith(environment["PYTHONPATH"])
    assert codes == [0] * len(commands), finished.stderr
    return [(folder / f"said-{number}").read_text(encoding="utf-8") for number in range(len(commands))]


def test_the_wheel_fine_tunes_and_plain_transformers_says_the_same(
    installed: dict[str, str], tmp_path: Path, tiny_bert: Path
):
    changes = [
        f"model.name={tiny_bert}",
        "data.shots_per_class=60",
        "data.test_size=100",
        "data.max_length=16",
        "training.num_train_epochs=2",
        "training.learning_rate=3e-3",
    ]
    text = "a good and moving film"
    _, again, advice, korean = _said(
        installed,
        tmp_path,
        ["fine-tune", "movie-sentiment", *changes, "--output-dir", "out/run"],
        ["predict", "out/run", text, "--json"],
        ["choose", "--task", "translation", "--explain"],
        ["push", "out/run", "--card-only", "--language", "ko"],
    )
    run = tmp_path / "out" / "run"
    expected = {"recipe.yaml", "metrics.json", "predictions.parquet", "model", "README.md", "report.html", "trial.json"}
    assert {path.name for path in run.iterdir()} == expected | {
        "log.jsonl",
        "golden.json",
        "files.json",
        "learnt-rows.npy",
    }
    rows = parquet.read_table(run / "predictions.parquet").to_pylist()
    assert len(rows) == 100
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps([*(row["text"] for row in rows), text]), encoding="utf-8")
    plain = subprocess.run(
        [sys.executable, "-c", WITHOUT_TOOLKIT, str(run / "model"), str(texts)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert plain.returncode == 0, plain.stderr
    *answers, (label, probability) = json.loads(plain.stdout)
    (row,) = json.loads(again)["predictions"]
    assert (row["prediction"], row["probability"]) == (label, pytest.approx(probability, abs=1e-5))
    assert [label for label, _ in answers] == [row["prediction"] for row in rows]
    assert [probability for _, probability in answers] == pytest.approx([row["probability"] for row in rows], abs=1e-5)
    assert "encoder-decoder" in advice
    assert (tmp_path / korean.strip()).read_text(encoding="utf-8").count("## 사용 방법") == 1
