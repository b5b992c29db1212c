"""What is said and shown of choices that end in unusual ways, with unusual names, in unusual numbers."""

from __future__ import annotations

import html.parser
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.choose.advice.advise import advise
from toolkit.choose.choice import Choice
from toolkit.choose.decision.decide import decide
from toolkit.choose.decision.hand_over import HandedOver
from toolkit.choose.look.first_look import divided
from toolkit.choose.look.look import look
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.baselines import measure_baselines, measure_folds
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.show.lines import choice_json, choice_lines
from toolkit.choose.show.page import render_choice
from toolkit.language.spoken import speaking
from toolkit.names import Task
from toolkit.tasks.judge import Answered

LABELS = ("긍정적인 반응", "부정 😡🔥", "x" * 200, "<b>5</b>", "3")


@pytest.fixture
def rows(write_csv: Callable[..., Path]) -> Rows:
    return divided(Task.TEXT_CLASSIFICATION, {"source": str(write_csv(_written(LABELS, n_each=24)))}, None)


def _written(labels: tuple[str, ...], *, n_each: int) -> list[tuple[str, str]]:
    """Rows whose label is drawn at random, so that words say nothing, as evenly as can be."""
    drawn = np.random.default_rng(0).permutation(np.repeat(np.arange(len(labels)), n_each))
    return [(f"text number {row} of {len(drawn)}", labels[label]) for row, label in enumerate(drawn)]


def _made(rows: Rows, candidate: str, *, n_wrong: int, **facts: Any) -> Measurement:
    references = list(rows.judge.references)
    answers = [(label + (row < n_wrong)) % len(rows.labels) for row, label in enumerate(references)]
    known = {"stage": Stage.ZERO_SHOT, "method": "zero-shot", "costs": {"latency_p50_seconds": 0.01}, **facts}
    answered = Answered(answers)
    value, interval = rows.judge.value(answered), rows.judge.interval(answered)
    return Measurement(candidate=candidate, answers=answers, value=value, interval=interval, **known)


def _choice(rows: Rows, measured: list[Measurement], folder: Path, *, seconds: float = 100.0) -> Choice:
    free = measure_folds(rows, measure_baselines(rows), seconds=seconds)
    return Choice(
        rows=rows,
        look=look(rows.data, (), problem=rows.problem),
        advice=advise(rows.task),
        measured=(*free, *measured),
        decision=decide([*free, *measured], rows.judge),
        recipes=HandedOver((), ()),
        on_test=None,
        run=None,
        written=None,
        budget=Budget(100.0),
        seconds=1.0,
        folder=folder,
    )


class _Outline(html.parser.HTMLParser):
    """Fails where a tag is closed that was not opened last."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _shown(choice: Choice) -> str:
    page = render_choice(choice)
    assert _Outline(page).open == []
    assert "<b>5" not in page
    json.dumps(choice_json(choice), allow_nan=False)
    return page


def test_candidates_that_all_fail(rows: Rows, tmp_path: Path) -> None:
    failed = [
        Measurement(
            candidate=name, stage=Stage.FEATURES, method="features", status=Status.FAILED, reason="out of memory"
        )
        for name in ("모델", "<i>b</i>")
    ]
    choice = _choice(rows, failed, tmp_path)
    lines = choice_lines(choice)
    assert "Nothing could be measured that a recipe can carry out." in lines
    assert "모델, features; <i>b</i>, features: failed, out of memory" in lines
    assert "&lt;i&gt;b&lt;/i&gt;" in _shown(choice)


def test_candidates_that_all_tie(rows: Rows, tmp_path: Path) -> None:
    choice = _choice(rows, [_made(rows, name, n_wrong=10, body=name) for name in "ba"], tmp_path)
    assert choice.decision.recommended is not None
    lines = choice_lines(choice)
    assert [result.candidate for result in choice.decision.rivals()] == ["b"]
    assert any("not shown to be better than b, zero-shot, which cost no less" in line for line in lines)
    assert _shown(choice).count("translate(19 0)") + _shown(choice).count("translate(-19 0)") == 1


def test_candidates_that_are_all_no_better_than_chance(rows: Rows, tmp_path: Path) -> None:
    choice = _choice(rows, [_made(rows, name, n_wrong=len(rows.judged)) for name in "ab"], tmp_path)
    assert choice_lines(choice)[1].startswith("Nothing is recommended: no result is shown to be better than the same")
    _shown(choice)


def test_candidates_that_a_baseline_beats(rows: Rows, tmp_path: Path) -> None:
    choice = _choice(rows, [_made(rows, name, n_wrong=60) for name in "ab"], tmp_path)
    free = _made(rows, "tfidf-logistic", n_wrong=3, stage=Stage.BASELINE, method=None, costs=None)
    measured = tuple(free if each.candidate == free.candidate else each for each in choice.measured)
    choice = replace(choice, measured=measured, decision=decide(measured, rows.judge))
    lines = choice_lines(choice)
    assert lines[1].startswith("Recommended: the free baseline TF-IDF + logistic regression: accuracy 0.9")
    assert lines[-1].strip().startswith("from sklearn.feature_extraction.text import TfidfVectorizer\n")
    recommended = choice_json(choice)["recommended"]
    assert (recommended["model"], recommended["method"], recommended["recipe"]) == ("tfidf-logistic", None, None)
    assert 'class="ours"' in _shown(choice)
    with speaking("ko"):  # its name is a word of ours, those of models are not
        assert '<th scope="row">TF-IDF + 로지스틱 회귀 <span' in render_choice(choice)
        assert any(line.split("  ")[1:2] == ["TF-IDF + 로지스틱 회귀"] for line in choice_lines(choice))


def test_thirty_candidates_and_three_hundred_classes(write_csv: Callable[..., Path], tmp_path: Path) -> None:
    labels = tuple(f"종류 {number}" for number in range(300))
    rows = divided(Task.TEXT_CLASSIFICATION, {"source": str(write_csv(_written(labels, n_each=5)))}, None, metric="f1")
    started = time.monotonic()
    measured = [_made(rows, f"org/{'long-' * 20}name-{place}", n_wrong=50 + place) for place in range(30)]
    choice = _choice(rows, measured, tmp_path, seconds=0.0)
    page = _shown(choice)
    assert time.monotonic() - started < 60
    assert choice.decision.recommended is not None
    assert page.count("<circle") == 30
    assert sum("name-" in line for line in choice_lines(choice)) >= 30


@pytest.mark.parametrize(("n_large", "expected"), [(90, "accuracy"), (100, "f1")])
def test_uneven_classes_are_judged_by_macro_f1_and_it_is_said(
    n_large: int, expected: str, write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_csv([(f"text {row}", "few" if row < 10 else "many") for row in range(10 + n_large)])
    data = {"source": str(path)}
    rows = divided(Task.TEXT_CLASSIFICATION, data, None)
    assert rows.judge.metric == expected
    lines = choice_lines(_choice(rows, [_made(rows, "a", n_wrong=2)], tmp_path))
    assert any(line.startswith("Macro F1 decides, as the largest class has") for line in lines) == (expected == "f1")
    named = divided(Task.TEXT_CLASSIFICATION, data, None, metric="accuracy")
    assert (named.judge.metric, named.uneven) == ("accuracy", None)
