"""What stands on the terminal at the end."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
from run_results import result_of, split_of

from toolkit.data.doctor import examine
from toolkit.data.doctor_tokens import TokenReport
from toolkit.data.tables import Part, Table
from toolkit.report.doctor import doctor_summary
from toolkit.report.summary import evaluation_summary, run_summary, spread_summary
from toolkit.run_result import DataSource
from toolkit.wording import shortened


def _entry(value: float | None, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    return {"value": value, "ci95": None if value is None else [low, high]}


@pytest.fixture
def run(metrics: dict[str, Any]) -> dict[str, Any]:
    """A run of two classes with figures that are easy to find again."""
    metrics["splits"]["test"] = {
        "rows": 200,
        "metrics": {"accuracy": _entry(0.81, 0.75, 0.86)},
        "confusion": {"labels": ["neg", "pos"], "counts": [[90, 10], [28, 72]]},
    }
    metrics["baselines"] = {
        "majority": {"rows": 200, "metrics": {"accuracy": _entry(0.5, 0.43, 0.57)}},
        "tfidf-logistic": {"rows": 200, "metrics": {"accuracy": _entry(0.77, 0.71, 0.83)}},
    }
    metrics["training"] |= {"best_step": 40, "steps": 60}
    return metrics


def test_result_stands_beside_its_baselines(run: dict[str, Any]):
    lines = run_summary(result_of(run), folder="runs/a")
    (ours,) = [line.split("  ") for line in lines if line.startswith("This model")]
    assert [cell.strip() for cell in ours if cell.strip()] == ["This model", "0.810", "0.750 to 0.860"]
    table = [line for line in lines if "0.500" in line or "0.770" in line or "0.810" in line]
    assert len([line for line in table if " to " in line]) >= 3
    assert "The validation rows chose the weights of step 40 of 60." in lines
    assert "  pos taken for neg: 28 of 100" in lines
    assert lines.index("  pos taken for neg: 28 of 100") < lines.index("  neg taken for pos: 10 of 100")


def test_without_validation_the_last_step_is_named(run: dict[str, Any]):
    run["training"]["best_step"] = None
    assert "The weights are those of the last step, 60." in run_summary(result_of(run), folder="runs/a")


def test_next_commands_can_be_copied_whatever_the_folder_is_called(run: dict[str, Any]):
    folder = "runs/영화 평 😀"
    commands = [
        shlex.split(line) for line in run_summary(result_of(run), folder=folder) if line.startswith("  toolkit ")
    ]
    assert commands == [
        ["toolkit", "predict", folder, "your own text"],
        ["toolkit", "evaluate", folder, "--data", "your-file.csv"],
        ["toolkit", "push", folder, "your-name/your-model"],
    ]


def test_mistakes_are_one_short_line_each(run: dict[str, Any]):
    mistakes = [
        {"text": f"line {i}\nand   more " + "x" * 200, "reference": "neg", "prediction": "pos", "probability": 0.9}
        for i in range(5)
    ]
    lines = run_summary(result_of(run), folder="runs/a", samples=mistakes)
    shown = [line for line in lines if "sure of pos" in line]
    assert len(shown) == 3
    assert shown[0].startswith("  0.90 sure of pos, but it is neg: line 0 and more xxx")
    assert all(line.endswith("…") and "\n" not in line for line in shown)


@pytest.mark.parametrize(("text", "expected"), [("a\n\t b", "a b"), ("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…")])
def test_shortened(text: str, expected: str):
    assert shortened(text) == expected


def test_evaluation_names_its_rows_and_an_undefined_metric():
    test = {"rows": 1, "metrics": {"accuracy": _entry(1.0), "matthews_correlation": _entry(None)}}
    lines = evaluation_summary(
        replace(result_of({}), splits={"test": split_of(test)}, data=DataSource(source="new.csv"))
    )
    assert lines[0] == "1 row of new.csv"
    assert [line.split()[-1] for line in lines if line.startswith("accuracy")] == ["1.000"]
    assert any("not defined" in line for line in lines if line.lower().startswith("matthews"))
    assert "nan" not in " ".join(lines).lower().split()


def test_spread_shows_each_seed():
    summary = {"seeds": [3, 5], "metrics": {"accuracy": {"mean": 0.75, "sd": 0.0707, "values": [0.7, 0.8]}}}
    lines = spread_summary(summary, folder="runs/seeds")
    assert "seeds 3, 5" in lines[1]
    assert lines[2].split() == ["accuracy", "0.7500", "0.0707", "0.7000", "0.8000"]


def _table(rows: list[tuple[str, str]]) -> Table:
    texts, labels = zip(*rows, strict=True)
    return Table({"text": list(texts), "label": list(labels)}, (Part("a.csv", range(2, len(rows) + 2), "utf-8"),))


def test_doctor_warns_with_places_and_in_the_right_number():
    rows = [("one", "x"), ("One ", "y"), ("  ", "x"), *((f"text {i}", "xy"[i % 2]) for i in range(20))]
    lines = doctor_summary(examine({"all": _table(rows)}), None)
    assert lines[0] == "a.csv"
    assert "23 rows, 1 without text" in lines
    assert "classes: 2 (x 12, y 11)" in lines
    assert "different labels for one text: 'one' is x at a.csv:2, y at a.csv:3" in lines
    assert [line for line in lines if line.startswith("! ")] == [
        "! 1 row without text (a.csv:4)",
        "! 1 repetition of an earlier row but for case, spacing or Unicode form (0 letter",
        "! 1 text with different labels",
    ]


def test_doctor_that_finds_nothing_says_so_and_shows_tokens():
    report = examine({"all": _table([(f"text {i}", "xy"[i % 2]) for i in range(20)])})
    tokens = TokenReport(
        max_length=512,
        truncation_rate=0.25,
        unknown_rate=0.031,
        tokens_per_character=0.5,
        median_tokens=7.0,
        p95_tokens=9.0,
        max_tokens=1234,
    )
    lines = doctor_summary(report, tokens)
    assert lines[-1] == "Nothing to warn of."
    assert "cut at 512 tokens: 25.0% of the texts" in lines
    assert "tokens of a text: median 7, 95 % at most 9, longest 1,234" in lines
    assert "unknown tokens: 3.10%; tokens per character: 0.50" in lines
