from __future__ import annotations

from itertools import islice, permutations
from pathlib import Path

import pytest
from tiny_models import pretrained

from toolkit.choose.look.candidates import find_candidates
from toolkit.choose.look.first_look import divided
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.likelihood import score
from toolkit.choose.measure.measurement import Measurement, Status
from toolkit.choose.measure.notebook import Notebook
from toolkit.choose.measure.work import Work
from toolkit.errors import DataError
from toolkit.names import Task


def _measured(texts: list[str], folder: Path) -> Measurement:
    lines = folder / "texts.txt"
    lines.write_text("\n".join(texts), encoding="utf-8")
    rows = divided(Task.TEXT_GENERATION, {"source": str(lines)}, None)
    model = pretrained("gpt2", folder / "model")
    (candidate,) = find_candidates([str(model)], task=Task.TEXT_GENERATION)
    notebook, ledger = Notebook(folder, data=rows.digest), folder / "trials.jsonl"
    work = Work(rows=rows, budget=Budget(100.0), notebook=notebook, folder=folder, ledger=ledger)
    return score(work, candidate, seconds=600.0)


def test_texts_that_a_tokenizer_knows_are_measured_in_bits_per_character(tmp_path: Path) -> None:
    made = _measured([" ".join(letters) for letters in islice(permutations("abcdef"), 30)], tmp_path)
    assert made.status is Status.MEASURED
    assert made.answers is not None
    assert made.value == pytest.approx(sum(made.answers) / (11 * len(made.answers)))


def test_a_model_that_does_not_know_the_words_is_no_candidate(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^bits per character cannot be compared: .* tokens are unknown to it"):
        _measured([f"a b unheard {number * 'a '}c" for number in range(30)], tmp_path)
