"""Runs compared: against the room's own figures, statistics by hand, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
from kept_runs import KINDS, N_ROWS, answers_of, classes, write_kept_run
from scipy import stats

import toolkit
from toolkit.adapters.decision import Decision
from toolkit.cli.main import run as command
from toolkit.errors import DataError, IntegrityError, RecipeError, ResourceError
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import MeasuredBaseline
from toolkit.tasks.paired import NOT_KEPT, above_baselines
from toolkit.tasks.parts_of_answers import take_answers
from toolkit.trials.finished import read_run
from toolkit.trials.kept_run import read_kept_run
from toolkit.workflow.compare import compare


@pytest.mark.parametrize("kind", KINDS)
def test_the_values_are_those_of_the_runs_and_the_differences_theirs(kind: str, tmp_path: Path):
    names = [str(write_kept_run(tmp_path / name, answers_of(kind, seed), kind=kind)) for seed, name in enumerate("ab")]
    found = compare(names)
    first, second = (read_run(Path(name)).result.test.metrics for name in names)
    assert (found.rows, list(found.runs[0].metrics), found.left_out) == (N_ROWS, list(KINDS[kind][2]), {})
    for name, tested in found.pairs[0].metrics.items():
        assert found.runs[0].metrics[name].value == pytest.approx(first[name].value, rel=1e-12)
        assert found.runs[0].metrics[name].ci95 == pytest.approx(first[name].ci95, abs=0.1 * np.ptp(first[name].ci95))
        assert tested.difference.value == pytest.approx(second[name].value - first[name].value, abs=1e-9)
        assert tested.difference.low <= tested.difference.value <= tested.difference.high
        assert (tested.p < 0.05) == (not tested.difference.low <= 0 <= tested.difference.high) or tested.p < 0.06
    same = str(shutil.copytree(names[0], tmp_path / "same"))
    again = compare([names[0], same]).pairs[0]
    assert {(each.difference.value, each.difference.low, each.p) for each in again.metrics.values()} == {(0, 0, 1)}
    assert again.disagreement.rows == 0


@pytest.mark.parametrize("kind", KINDS)
def test_common_rows_are_found_in_any_order_and_among_others(kind: str, tmp_path: Path):
    task, _, metrics = KINDS[kind]
    answers = [answers_of(kind, seed) for seed in (0, 1)]
    later = np.arange(N_ROWS) >= 30
    whole = write_kept_run(tmp_path / "whole", answers[0], kind=kind)
    part = write_kept_run(tmp_path / "part", take_answers(answers[1], later), kind=kind)
    table = parquet.read_table(part / "predictions.parquet")
    parquet.write_table(table.take(np.random.default_rng(0).permutation(len(table))), part / "predictions.parquet")
    found = compare([str(whole), str(part)])
    measured = [room_of(task).measure(take_answers(each, later), metrics).metrics for each in answers]
    assert found.rows == N_ROWS - 30
    assert [str(note) for note in found.notes] == [
        f"{whole} has {N_ROWS} test rows, of which {N_ROWS - 30} are compared"
    ]
    for name in metrics:
        expected = measured[1][name].value - measured[0][name].value
        assert found.pairs[0].metrics[name].difference.value == pytest.approx(expected, abs=1e-9)


def test_equal_rows_are_matched_one_by_one(tmp_path: Path):
    texts = ["the same"] * 20 + [f"text {row}" for row in range(40)]
    one = classes([True] * 60, texts=texts)
    other = take_answers(classes([False] * 60, texts=texts), np.arange(60) >= 5)
    found = compare([str(write_kept_run(tmp_path / "a", one)), str(write_kept_run(tmp_path / "b", other))])
    assert 50 <= found.rows <= 55  # a text may stand there with other labels too
    assert found.pairs[0].metrics["accuracy"].difference.value == -1


def test_mcnemar_and_the_difference_of_accuracy_by_hand(tmp_path: Path):
    # 60 rows both right, 25 the second alone, 10 the first alone, 5 neither
    first = np.repeat([True, False, True, False], [60, 25, 10, 5])
    second = np.repeat([True, True, False, False], [60, 25, 10, 5])
    found = compare([str(write_kept_run(tmp_path / n, classes(list(r)))) for n, r in (("a", first), ("b", second))])
    pair = found.pairs[0]
    assert (pair.mcnemar.only_first, pair.mcnemar.only_second) == (10, 25)
    assert pair.mcnemar.p == pytest.approx(2 * stats.binom.cdf(10, 35, 0.5))
    assert pair.mcnemar.p == pair.mcnemar.p_holm
    tested = pair.metrics["accuracy"]
    # The variance of a paired difference of shares (Agresti 2013, section 11.1).
    error = np.sqrt(((25 + 10) - (25 - 10) ** 2 / 100) / 100**2)
    assert tested.difference.value == pytest.approx(0.15)
    assert tested.difference.low == pytest.approx(0.15 - 1.96 * error, abs=0.012)
    assert tested.difference.high == pytest.approx(0.15 + 1.96 * error, abs=0.012)
    assert tested.p == pytest.approx(2 * stats.norm.sf(0.15 / error), abs=0.012)
    # Of the five rows that neither has right, the wrong answers are the same here.
    assert (pair.disagreement.rows, pair.disagreement.second_better, pair.disagreement.first_better) == (35, 25, 10)
    assert [row.better for row in pair.disagreement.examples] == ["second", "first"] * 3


def test_holm_counts_the_runs(tmp_path: Path):
    right = [np.arange(100) < n for n in (60, 75, 68, 62)]
    names = [str(write_kept_run(tmp_path / str(n), classes(list(of_run)))) for n, of_run in enumerate(right)]
    found = compare(names)
    raw = [pair.mcnemar.p for pair in found.pairs]
    # By hand: each run is right on all rows of the first and on some more, so p is twice a half to their power.
    assert raw == pytest.approx([2 * 0.5**15, 2 * 0.5**8, 2 * 0.5**2])
    assert [pair.mcnemar.p_holm for pair in found.pairs] == pytest.approx([3 * raw[0], 2 * raw[1], raw[2]])
    assert [pair.second for pair in found.pairs] == names[1:]


def test_the_recipes_differ_in_what_is_told(tmp_path: Path):
    training = {"learning_rate": 5e-5, "num_train_epochs": 3}
    one = write_kept_run(tmp_path / "a", answers_of("classes", 0), training=training, seed=0)
    two = write_kept_run(
        tmp_path / "b", answers_of("classes", 1), training={**training, "num_train_epochs": 1}, peft={"r": 8}
    )
    found = compare([str(one), str(two)])
    told = {each.key: each.values for each in found.recipe}
    assert told == {"training.num_train_epochs": (3, 1), "seed": (0, None), "peft.r": (None, 8)}


def test_a_sum_over_tokens_is_compared_under_one_tokenizer_only(tmp_path: Path):
    one, two = answers_of("scored", 0), answers_of("scored", 1)
    other = replace(two, likelihoods=replace(two.likelihoods, tokens=np.full(N_ROWS, 7)))
    found = compare([str(write_kept_run(tmp_path / n, each, kind="scored")) for n, each in (("a", one), ("b", other))])
    assert found.left_out == {"perplexity": "it is counted over the tokens of different tokenizers"}
    assert list(found.pairs[0].metrics) == ["bits_per_character"]


def test_answers_that_are_withheld_are_shown_and_not_compared(tmp_path: Path):
    one, two = classes([True] * 60), classes([False] * 60, seed=1)
    unsure = replace(two, decision=Decision(abstain_below=0.9))
    found = compare([str(write_kept_run(tmp_path / "a", one)), str(write_kept_run(tmp_path / "b", unsure))])
    assert found.left_out == dict.fromkeys(KINDS["classes"][2], NOT_KEPT)
    assert (found.pairs[0].metrics, found.pairs[0].mcnemar) == ({}, None)
    assert {row.second for row in found.pairs[0].disagreement.examples} == {"no answer"}
    room = room_of(KINDS["classes"][0])
    baseline = MeasuredBaseline(one_metric := room.measure(one, ["accuracy"]).metrics, {"prediction": one.answers})
    paired = above_baselines(room, unsure, {"x": baseline}, labels=one.labels, problem=one.problem)
    assert paired["x"]["accuracy"].value == -one_metric["accuracy"].value == -1


def _rewrite(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def of(run: Path) -> None:
        file = run / "metrics.json"
        values = json.loads(file.read_text(encoding="utf-8"))
        change(values)
        file.write_text(json.dumps(values), encoding="utf-8")

    return of


def _flip(run: Path) -> None:
    file = run / "predictions.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    (run / "files.json").write_text(
        json.dumps({"schema": 1, "files": {"predictions.parquet": "0" * 64}}), encoding="utf-8"
    )
    file.write_bytes(content)


FAULTS: dict[str, tuple[Callable[[Path], object], type[Exception], str]] = {
    "deleted": (shutil.rmtree, IntegrityError, "there is no such run folder; allowed: a"),
    "unfinished": (lambda run: run.rename(run.with_name("b.unfinished")), ResourceError, "not finished"),
    "of a newer version": (_rewrite(lambda v: v.update(schema=2)), IntegrityError, "schema is 2; this version reads 1"),
    "without a test split": (_rewrite(lambda v: v["splits"].pop("test")), IntegrityError, "splits has no test"),
    "without answers": (lambda run: (run / "predictions.parquet").unlink(), IntegrityError, "missing or damaged"),
    "cut answers": (
        lambda run: (run / "predictions.parquet").write_bytes(b"PAR1 and no more"),
        IntegrityError,
        "missing or damaged",
    ),
    "a flipped bit": (_flip, IntegrityError, "(changed since|missing or damaged)"),
    "without a recipe": (lambda run: (run / "recipe.yaml").unlink(), IntegrityError, "recipe.yaml"),
    "of other labels": (_rewrite(lambda v: v.update(labels=["x"])), IntegrityError, "content cannot be shown"),
    "of another number of rows": (
        _rewrite(lambda v: v["splits"]["test"].update(rows=3)),
        IntegrityError,
        "it has 80 rows, metrics.json 3",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_that_cannot_be_read_is_one_line(fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    one = write_kept_run(tmp_path / "a", answers_of("classes", 0))
    two = write_kept_run(tmp_path / "b", answers_of("classes", 1))
    damage, kind, message = FAULTS[fault]
    damage(two)
    with pytest.raises(kind, match=message):
        compare([str(one), str(two)])
    assert command(["compare", str(one), str(two)]) == kind.exit_code
    err = capsys.readouterr().err
    assert err.count("error: ") == 1
    assert "Traceback" not in err


def test_what_cannot_be_compared_is_refused(tmp_path: Path):
    one = str(write_kept_run(tmp_path / "a", answers_of("classes", 0)))
    numbers = str(write_kept_run(tmp_path / "n", answers_of("numbers", 0), kind="numbers"))
    tags = str(write_kept_run(tmp_path / "t", answers_of("tags", 0), kind="tags"))
    for others in ([numbers], [tags], [numbers, tags]):
        with pytest.raises(RecipeError, match="runs of different tasks"):
            compare([one, *others])
    with pytest.raises(RecipeError, match="two runs or more"):
        compare([one])
    with pytest.raises(RecipeError, match="named twice"):
        compare([one, one])
    few = take_answers(answers_of("classes", 1), np.arange(N_ROWS) < 29)
    few_run = str(write_kept_run(tmp_path / "few", few))
    with pytest.raises(DataError, match=r"29 test rows in common, .* a comparison needs 30"):
        compare([one, few_run])
    same = str(shutil.copytree(few_run, tmp_path / "few too"))
    assert [str(note) for note in compare([few_run, same]).notes] == ["29 test rows are few: the intervals say little"]
    with pytest.raises(IntegrityError) as told:
        compare([one, str(tmp_path / "x"), str(tmp_path / "y")])
    assert len(told.value.faults) == 2


def test_the_command_and_the_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    texts = [f"<script>alert({row})</script> \x1b[31mrot\x1b[0m \u202e어린이 " + "긴 글 " * 60 for row in range(60)]
    monkeypatch.chdir(tmp_path)
    names = [
        str(write_kept_run(Path("runs") / f"{letter}-with-a-long-name", classes(list(right), texts=texts), seed=seed))
        for seed, (letter, right) in enumerate(zip("abc", np.random.default_rng(0).random((3, 60)) < 0.7, strict=True))
    ]
    assert command(["compare", *names, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = toolkit.compare(*map(Path, names))
    assert told == json.loads(json.dumps(found.result.to_json()))
    assert [entry["second"] for entry in told["comparisons"]] == names[1:]
    assert told["recipe"] == [{"key": "seed", "values": [0, 1, 2]}]
    assert command(["compare", *names]) == 0
    shown = capsys.readouterr().out
    assert shown.strip() == "\n".join(line.rstrip() for line in _visible(str(found)).splitlines()).strip()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "McNemar's exact test of accuracy: B alone is right on" in shown
    assert "p, Holm" in shown
    page = found._repr_html_()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert command(["compare", names[0], "--help"]) == 0


def _visible(text: str) -> str:
    from toolkit.wording import visible

    return "\n".join(map(visible, text.split("\n")))


def test_lines_fit_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from rich.cells import cell_len

    from toolkit.report.compared import compared_lines
    from toolkit.wording import fit_tables

    monkeypatch.chdir(tmp_path)
    names = [
        str(
            write_kept_run(Path("runs") / f"한국어-{seed}", answers_of(kind, seed), kind=kind, model={"name": "y" * 70})
        )
        for kind in ["written"]
        for seed in range(3)
    ]
    found = compare(names)
    fit_tables(80)
    try:
        tables = [line for line in compared_lines(found) if "  " in line.strip()]
    finally:
        fit_tables(None)
    assert max(map(cell_len, tables)) <= 80
    assert len(tables) > 10


def test_a_run_reads_its_own_answers_back(tmp_path: Path):
    run = write_kept_run(tmp_path / "a", answers_of("sets", 0), kind="sets")
    kept = read_kept_run(str(run))
    names = answers_of("sets", 0).references
    assert [kept.answers.right_answer(row) for row in range(N_ROWS)] == [sorted(each) for each in names]
