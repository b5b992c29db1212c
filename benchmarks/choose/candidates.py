"""Models and data of the study: models that differ in quality, derived from models that packages carry.

A model with fewer layers, or with random weights, is worse than the whole one. A study of how well `toolkit choose`
ranks models needs such differences. None of the models is downloaded.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer

from toolkit.adapters import locate_model
from toolkit.data import read_table

N_TRAIN, N_VALIDATION, N_TEST = 1500, 300, 600
LONGEST = 64
"""Maximum length of a text in tokens; the reviews of IMDB are cut."""


def study_arguments(doc: str | None) -> argparse.ArgumentParser:
    """Return the argument parser of all programs of the study.

    Args:
        doc: docstring of the program; its first line is the description.
    """
    parser = argparse.ArgumentParser(description=(doc or "").split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("runs/study"))
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--own", type=Path)
    return parser


def make_models(folder: Path, *, own: Path | None) -> dict[str, str]:
    """Write the folders of the candidates that do not exist yet.

    Args:
        folder: of all candidates.
        own: an encoder of our own Transformer, pretrained by the recipe pretrain-masked-language.

    Returns:
        The name of each model in recipes, by its name in the study.
    """
    names = {"minilm": "packaged:minilm", "minilm2minilm": "packaged:minilm2minilm"}
    minilm, smollm2 = (locate_model(f"packaged:{name}").folder for name in ("minilm", "smollm2"))
    for n_layers in (3, 1):
        names[f"minilm-{n_layers}"] = str(_cut(minilm, folder / f"minilm-{n_layers}", n_layers))
    for n_layers in (8, 2):
        names[f"smollm2-{n_layers}"] = str(_cut(smollm2, folder / f"smollm2-{n_layers}", n_layers))
    names["minilm-random"] = str(_random(minilm, folder / "minilm-random"))
    if own is not None:
        names["own"] = str(own)
    return names


def _cut(source: Path, target: Path, n_layers: int) -> Path:
    """Write a model with only the first layers of another."""
    if not target.is_dir():
        config = AutoConfig.from_pretrained(source)
        kind: Any = AutoModelForCausalLM if config.model_type == "llama" else AutoModel
        model = kind.from_pretrained(source)
        holder = model.model if hasattr(model, "model") else model.encoder
        name = "layers" if hasattr(holder, "layers") else "layer"
        setattr(holder, name, getattr(holder, name)[:n_layers])
        model.config.num_hidden_layers = n_layers
        _save(model, source, target)
    return target


def _random(source: Path, target: Path) -> Path:
    """Write a model with the configuration of another and random weights."""
    if not target.is_dir():
        torch.manual_seed(0)
        _save(AutoModel.from_config(AutoConfig.from_pretrained(source)), source, target)
    return target


def _save(model: Any, source: Path, target: Path) -> None:
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source).save_pretrained(target)


def make_data(folder: Path, *, shared: Path) -> dict[str, Path]:
    """Write train.csv, validation.csv and test.csv of each data set, the same examples each time.

    Args:
        folder: of all data sets.
        shared: with banking77 and kor_chatbot.
    """
    sources = {
        "rotten-tomatoes": packaged("packaged:rotten-tomatoes"),
        "imdb": packaged("packaged:imdb"),
        "banking20": largest(columns(shared / "banking77" / "train.csv", "text", "category"), n_classes=20),
        "kor_chatbot": columns(shared / "kor_chatbot" / "ChatbotData.csv", "Q", "label"),
    }
    made = {}
    for name, source in sources.items():
        made[name] = folder / name
        if not made[name].is_dir():
            rows = list(source)
            random.Random(0).shuffle(rows)
            made[name].mkdir(parents=True)
            cuts = (0, N_TRAIN, N_TRAIN + N_VALIDATION, N_TRAIN + N_VALIDATION + N_TEST)
            for split, start, end in zip(("train", "validation", "test"), cuts, cuts[1:], strict=False):
                _write(made[name] / f"{split}.csv", rows[start:end])
    return made


def packaged(name: str) -> Iterator[tuple[str, str]]:
    """Return the texts and labels of packaged data."""
    columns = read_table(name).columns
    for text, label in zip(columns["text"], columns["label"], strict=True):
        yield str(text), str(label)


def columns(file: Path, text: str, label: str) -> Iterator[tuple[str, str]]:
    """Return the texts and labels of a csv file."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row[text], f"class {row[label]}"


def largest(rows: Iterable[tuple[str, str]], *, n_classes: int) -> Iterator[tuple[str, str]]:
    """Return the examples of the largest classes: 1,500 examples of 77 classes would be too few to train on."""
    every = list(rows)
    kept = {label for label, _ in Counter(label for _, label in every).most_common(n_classes)}
    return ((text, label) for text, label in every if label in kept)


def _write(file: Path, rows: list[tuple[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
