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


def _toolkit(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "toolkit", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_wheel_fine_tunes_and_plain_transformers_says_the_same(
    installed: dict[str, str], tmp_path: Path, tiny_bert: Path
):
    where = subprocess.run(
        [sys.executable, "-c", "import toolkit; print(toolkit.__file__)"],
        cwd=tmp_path,
        env=installed,
        capture_output=True,
        text=True,
    )
    assert where.stdout.startswith(installed["PYTHONPATH"])
    changes = [
        f"model.name={tiny_bert}",
        "data.shots_per_class=60",
        "data.test_size=100",
        "data.max_length=16",
        "training.num_train_epochs=2",
        "training.learning_rate=3e-3",
    ]
    _toolkit(installed, tmp_path, "fine-tune", "movie-sentiment", *changes, "--output-dir", "out/run")
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
    texts.write_text(json.dumps([row["text"] for row in rows]), encoding="utf-8")
    plain = subprocess.run(
        [sys.executable, "-c", WITHOUT_TOOLKIT, str(run / "model"), str(texts)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert plain.returncode == 0, plain.stderr
    answers = json.loads(plain.stdout)
    assert [label for label, _ in answers] == [row["prediction"] for row in rows]
    assert [probability for _, probability in answers] == pytest.approx([row["probability"] for row in rows], abs=1e-5)
    again = json.loads(_toolkit(installed, tmp_path, "predict", "out/run", rows[0]["text"], "--json"))
    assert again["predictions"][0]["prediction"] == rows[0]["prediction"]
    assert again["predictions"][0]["probability"] == pytest.approx(rows[0]["probability"], abs=1e-5)
    advice = _toolkit(installed, tmp_path, "choose", "--task", "translation", "--explain")
    assert "encoder-decoder" in advice
    korean = _toolkit(installed, tmp_path, "push", "out/run", "--card-only", "--language", "ko")
    assert (tmp_path / korean.strip()).read_text(encoding="utf-8").count("## 사용 방법") == 1
