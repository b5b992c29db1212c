"""Calibrations of zero-shot likelihoods side by side, on validation rows of four data sets.

    python benchmarks/zero_shot.py --data FOLDER [--model packaged:smollm2] [--rows 200] [--max-length 256]
                                   [--only NAME] [--split test]

FOLDER holds banking77/train.csv (Casanueva et al. 2020) and kor_chatbot/ChatbotData.csv; the film reviews come with
the toolkit. The rows are those of a validation split unless test is asked for, which shall choose nothing. Each of the
toolkit's own templates is a line, and their average, which is what `toolkit zero-shot` answers with. Accuracies come
with their 95 % intervals. The best mean of the averages is the toolkit's default calibration. The table is markdown,
for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch

from toolkit.adapters import OpenedModel, locate_model, open_for_scoring
from toolkit.data import prepare_classification
from toolkit.evaluation.zero_shot.ask import averaged
from toolkit.evaluation.zero_shot.calibration import CALIBRATIONS, Evidence, calibrated
from toolkit.evaluation.zero_shot.likelihood import Asker, label_evidence
from toolkit.evaluation.zero_shot.templates import templates_for
from toolkit.names import Split
from toolkit.recipe.schema import DataSection, ZeroShotSection
from toolkit.tasks.text_classification.class_result import measure

TEST_ROWS = 1000


@dataclass(frozen=True)
class Case:
    """A data set: its rows, and the words for its labels.

    Attributes:
        name: for the table.
        language: of the templates.
        words: of the labels, in the order that `references` counts in.
        texts: ``[rows]``
        references: places of the right labels in `words`. ``[rows]``
    """

    name: str
    language: str
    words: tuple[str, ...]
    texts: list[str]
    references: list[int]


def main() -> None:
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="packaged:smollm2")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--only", default="")
    parser.add_argument("--split", choices=[Split.VALIDATION.value, Split.TEST.value], default=Split.VALIDATION.value)
    given = parser.parse_args()
    opened = open_for_scoring(locate_model(given.model), head="language")
    opened = replace(opened, max_length=min(opened.max_length, given.max_length))
    print(f"{given.model}, {given.split} rows, {given.rows} a set, at most {opened.max_length} tokens")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(f"| data | template | {' | '.join(CALIBRATIONS)} | s |\n|{'---|' * (len(CALIBRATIONS) + 3)}")
    of_cases = [measured(case, opened) for case in cases(given) if given.only in case.name]
    means = np.mean(of_cases, axis=0)
    print(f"| mean | average | {' | '.join(f'**{value:.3f}**' for value in means)} | |")
    print(f"\nBest mean: {CALIBRATIONS[int(means.argmax())]}.")


def measured(case: Case, opened: OpenedModel) -> list[float]:
    """Print the lines of a case; the accuracies of the average, by calibration."""
    evidence: list[Evidence] = []
    total = 0.0
    for template in templates_for(ZeroShotSection(language=case.language), scorer="likelihood", is_pair=False):
        started = time.perf_counter()
        rows = [{"text": text.strip()} for text in case.texts]
        evidence.append(label_evidence(Asker(opened, template, case.words), rows)[0])
        seconds = time.perf_counter() - started
        total += seconds
        print_line(case, repr(template.pattern), evidence[-1:], seconds)
    return print_line(case, "average", evidence, total)


def print_line(case: Case, name: str, evidence: list[Evidence], seconds: float) -> list[float]:
    """A line of the table; its accuracies, by calibration."""
    cells, values = [], []
    for method in CALIBRATIONS:
        chosen = averaged([calibrated(one, method) for one in evidence]).argmax(axis=1)
        metric = measure(["accuracy"], predictions=chosen, references=case.references, n_labels=len(case.words))
        value, interval = metric["accuracy"].value or 0.0, metric["accuracy"].ci95 or (0.0, 1.0)
        values.append(value)
        cells.append(f"{value:.3f} [{interval[0]:.2f}, {interval[1]:.2f}]")
    print(f"| {case.name} | {name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)
    return values


def cases(given: argparse.Namespace) -> Iterator[Case]:
    """The data sets, of each as many rows as are asked for."""
    folder: Path = given.data
    for name in ("rotten-tomatoes", "imdb"):
        yield case_of(name, f"packaged:{name}", given, {}, str, "en")
    intents = {"text": "text", "label": "category"}
    yield case_of("banking77, coarse", str(folder / "banking77/train.csv"), given, intents, topic_of, "en")
    talk = {"text": "Q", "label": "label"}
    yield case_of("kor_chatbot", str(folder / "kor_chatbot/ChatbotData.csv"), given, talk, mood_of, "ko")


def case_of(
    name: str,
    source: str,
    given: argparse.Namespace,
    columns: dict[str, str],
    word_of: Callable[[str], str | None],
    language: str,
) -> Case:
    """A data set's case; rows whose label has no word are left out."""
    section = DataSection(source=source, columns=columns, test_size=TEST_ROWS, validation_size=2 * given.rows)
    data = prepare_classification(section)
    rows = data.test if given.split == Split.TEST else data.validation
    if rows is None:
        raise SystemExit(f"{name} has no validation rows")
    labelled = [(text, word_of(label)) for text, label in zip(rows["text"], rows["reference"], strict=True)]
    named = [(text, word) for text, word in labelled if word is not None]
    # The files are sorted by class.
    kept = named[:: max(1, len(named) // given.rows)][: given.rows]
    words = tuple(sorted({word for _, word in kept}))
    return Case(name, language, words, [text for text, _ in kept], [words.index(word) for _, word in kept])


def topic_of(intent: str) -> str | None:
    """What an intent of banking77 is about, where its name tells."""
    topics = {
        "exchange": "currency exchange",
        "cash": "cash withdrawal",
        "top": "top up",
        "transfer": "money transfer",
        "refund": "refund",
        "card": "card",
    }
    return next((topic for part, topic in topics.items() if part in intent.split("_")), None)


def mood_of(label: str) -> str:
    """What a question to the Korean chatbot is about: daily life, parting or love."""
    return {"0": "일상", "1": "이별", "2": "사랑"}[label]


if __name__ == "__main__":
    main()
