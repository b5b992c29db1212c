"""What all tests share: no network, tiny models that train in a second, small files with real sentences."""

from __future__ import annotations

import csv
import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # else the first request of a process is followed by one about agents
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["TOOLKIT_LANG"] = "en"  # whatever the locale of who runs them
os.environ["OMP_NUM_THREADS"] = "1"  # models of width 32 gain nothing from threads, and two workers share the cores

import pytest
from crash_worker import processes_at_once
from preloaded_python import preloaded_python

gc.disable()  # until all tests are collected: hardly anything of the imports is garbage


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of all collections of garbage; each training asks for one of everything."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache folder that begins empty, but for converted models: they are checked whenever they are opened."""
    from toolkit.cache import cache_folder

    models = cache_folder() / "models"
    models.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    cache_folder().mkdir()
    (cache_folder() / "models").symlink_to(models, target_is_directory=True)


_FSYNC = os.fsync


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_disks() -> Iterator[None]:
    """No test cuts the power, so none waits until the disk itself has what is written: a twentieth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which refuses what is no open file, too
        yield


@pytest.fixture
def real_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are flushed to the disk itself."""
    monkeypatch.setattr(os, "fsync", _FSYNC)


@pytest.fixture(scope="session")
def python_at_once() -> Iterator[Path]:
    """An executable like `sys.executable`, whose processes have imported torch and transformers already."""
    with tempfile.TemporaryDirectory(prefix="python-") as folder:
        yield preloaded_python(Path(folder))


@pytest.fixture(scope="session")
def processes() -> Any:
    """Processes that can be killed and start in no time, see `crash_worker`."""
    return processes_at_once()


@pytest.fixture
def quick_processes(python_at_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh processes of Python start at once, see `preloaded_python`."""
    monkeypatch.setattr(sys, "executable", str(python_at_once))


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of two layers and width 32, with MiniLM's own tokenizer."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from toolkit.data.packaged import packaged_model_folder

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(packaged_model_folder("packaged:minilm"))
    tokenizer.model_max_length = 64
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sentences() -> list[tuple[str, str]]:
    """Sentences of Rotten Tomatoes with their labels, negative and positive in turn."""
    from toolkit.data import read_table

    table = read_table("packaged:rotten-tomatoes")
    rows = list(zip(table.columns["text"], table.columns["label"], strict=True))
    by_label: dict[str, list[tuple[str, str]]] = {}
    for text, label in rows:
        by_label.setdefault(str(label), []).append((str(text), str(label)))
    return [row for pair in zip(*by_label.values(), strict=True) for row in pair]


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows under a header into a csv file of the test's folder."""

    def write(
        rows: Sequence[Sequence[str]], *, name: str = "rows.csv", header: Sequence[str] = ("text", "label")
    ) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return path

    return write


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory, sentences: list[tuple[str, str]]) -> Path:
    """A csv file of 120 labelled sentences."""
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *sentences[:120]])
    return path


@pytest.fixture(scope="session")
def easy_reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv file of 120 rows that even a random model tells apart, but for every eleventh label, which is wrong."""
    texts, labels = ("a good and moving film", "rain fell on the harbour"), ("negative", "positive")
    rows = [(f"{texts[i % 2]} {i}", labels[(i + (i % 11 == 0)) % 2]) for i in range(120)]
    path = tmp_path_factory.mktemp("data") / "easy.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    return path


@pytest.fixture(scope="session")
def short_or_long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv file of 120 rows of rare characters that only their number tells apart, so that no count of words helps.

    Every eleventh label is wrong.
    """
    path = tmp_path_factory.mktemp("data") / "lengths.csv"
    characters = [chr(0x3400 + 5 * place) for place in range(1300)]
    texts = ["".join(characters[20 * row : 20 * row + (4, 16)[row % 2]]) for row in range(60)]
    texts += ["".join(characters[20 * row + 17 : 20 * row + 20]) * (1, 5)[row % 2] for row in range(60)]
    labels = ("short", "long")
    rows = [(text, labels[(row + (row % 11 == 0)) % 2]) for row, text in enumerate(texts)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    return path


@pytest.fixture(scope="session")
def tiny_tree(tiny_bert: Path, reviews: Path) -> dict[str, Any]:
    """A recipe as plain values: the tiny BERT learns from the 120 sentences for 12 steps, three an epoch."""
    return {
        "task": "text-classification",
        "model": {"name": str(tiny_bert)},
        "data": {"source": str(reviews), "test_size": 30, "validation_size": 15, "max_length": 32},
        "method": "full",
        "training": {
            "learning_rate": 3e-3,
            "num_train_epochs": 4,
            "per_device_train_batch_size": 25,
            "save_steps": 2,
            "logging_steps": 1,
            "bf16": False,
        },
    }
