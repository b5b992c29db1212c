"""What is known before measuring, on a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.adapters.open import open_tokenizer
from toolkit.choose.advice.advise import advise
from toolkit.choose.look.first_look import divided, first_look
from toolkit.errors import RecipeError
from toolkit.names import Problem, Task

CLASSIFY = Task.TEXT_CLASSIFICATION


def test_the_advice_is_for_the_rows_and_the_tokenizer(tiny_bert: Path, reviews: Path):
    found = first_look(CLASSIFY, {"source": str(reviews)}, models=[str(tiny_bert)], language="ko")
    (candidate,) = found.candidates
    tokenizer, _ = open_tokenizer(candidate.located)  # type: ignore[arg-type]
    assert max(len(tokenizer(text)["input_ids"]) for text in found.rows.learn["text"]) == (
        found.look.tokens[0].report.max_tokens
    )
    assert found.advice == advise(
        CLASSIFY, n_rows=len(found.rows.learn), length_p95_tokens=found.look.length_p95_tokens, language="ko"
    )


def test_candidates_are_those_that_fit_where_nobody_names_them(reviews: Path):
    found = first_look(CLASSIFY, {"source": str(reviews)})
    assert [one.name for one in found.candidates][:3] == [
        "packaged:minilm",
        "packaged:smollm2",
        "packaged:minilm2minilm",
    ]


def test_what_the_labels_are_said_to_be_stands_in_the_recipe(reviews: Path):
    section = {"source": str(reviews)}
    assert divided(CLASSIFY, section, None).model == {}
    assert divided(CLASSIFY, section, Problem.SINGLE_LABEL).model == {"problem_type": "single_label_classification"}


def test_what_cannot_be_measured_is_refused_before_its_data_are_read():
    with pytest.raises(
        RecipeError, match=r"choose measures text-classification, .* it only explains the families for fill-mask"
    ):
        first_look(Task.FILL_MASK, {"source": "not-there.txt"})
