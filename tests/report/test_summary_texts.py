"""What stands on the terminal at the end of a run whose output is text."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
from run_results import result_of

from toolkit.names import Task
from toolkit.recipe import find_recipe
from toolkit.report.next_steps import next_lines
from toolkit.report.summary import evaluation_summary, run_summary, spread_summary
from toolkit.run_result import DataSource
from toolkit.tasks import room_of

PAGES = room_of(Task.TRANSLATION).pages


def sample(number: int, **changes: Any) -> dict[str, Any]:
    row = {"id": number, "text": f"source {number}", "reference": f"right {number}", "prediction": f"wrote {number}"}
    return {**row, "chrf": 10.0 * number, "worst": number < 3} | changes


def test_a_translation_stands_beside_its_baselines(translation: dict[str, Any]):
    lines = run_summary(result_of(translation), folder="runs/a", samples=[sample(number) for number in range(6)])
    assert lines[1].startswith("A free baseline is better than the model: Target of the nearest source, BLEU 5.4 (95 %")
    assert lines[2].startswith("Own Transformer with method scratch and seed 0 reaches BLEU 0.0 (95 % interval")
    (nearest,) = [line for line in lines if line.startswith("Target of the nearest source")]
    assert nearest.split()[5:] == ["5.4", "2.5", "to", "8.2", "25.6", "22.6", "to", "29.0"]
    assert "The weights are the mean of the evaluations at steps 8 and 16." in lines
    assert [line for line in lines if line.startswith("  source")] == [
        "  source 0",
        "  source 1",
        "  source 3",
        "  source 4",
    ]
    assert lines.index("Among its worst:") < lines.index("    wrote, chrF 0.0: wrote 0") < lines.index("  source 1")
    assert "    reference: right 4" in lines
    assert "mistakes" not in " ".join(lines)


def test_a_metric_that_a_baseline_lacks_keeps_its_column(language_model: dict[str, Any]):
    measured = language_model["splits"]["test"]["metrics"]
    language_model["splits"]["test"]["metrics"] = dict(reversed(measured.items()))
    lines = run_summary(result_of(language_model), folder="runs/a")
    header, ours, theirs = (next(line for line in lines if line.startswith(at)) for at in ("   ", "This", "5-gram"))
    place = header.index("bits per character, less is better")
    assert ours[place:].startswith("2.345")
    assert theirs[place:].startswith("2.465")
    assert theirs[header.index("perplexity, less is better") :].startswith("–")
    assert any(line.startswith("Perplexity cannot be compared with a baseline") for line in lines)
    assert "" not in lines[lines.index(theirs) + 2 : lines.index("Next:") - 1]


def test_rows_without_references_have_no_score():
    (_, title, first, second) = PAGES.sample_lines([sample(5, reference=None, chrf=None, worst=False)])
    assert (title, first, second) == ("Drawn at random:", "  source 5", "    wrote: wrote 5")
    assert PAGES.sample_lines([]) == []


@pytest.mark.parametrize(
    ("task", "family", "asked"),
    [
        ("text-classification", "encoder", "your own text"),
        ("translation", "encoder-decoder", "your own sentence"),
        ("text-generation", "encoder-decoder", "your own question"),
        ("text-generation", "decoder", "the beginning of a text"),
        ("fill-mask", "encoder", "your own text with a <mask>"),
    ],
)
def test_next_commands_are_of_the_task_and_can_be_copied(task: str, family: str, asked: str):
    folder = "runs/내 것"
    lines = next_lines(result_of({"task": task, "family": family, "labels": []}), folder=folder)
    first, second, *more, last = [shlex.split(line) for line in lines if line.startswith("  toolkit ")]
    assert first == ["toolkit", "predict", folder, asked]
    assert second == ["toolkit", "evaluate", folder, "--data", "your-file.csv"]
    assert last == ["toolkit", "push", folder, "your-name/your-model"]
    if task == "fill-mask":
        ((*verb, recipe, override),) = more
        assert (verb, override) == (["toolkit", "fine-tune"], f"model.name={folder}/model")
        assert find_recipe(recipe).is_file()
    else:
        assert more == []


def test_evaluation_of_texts_tells_signatures(translation: dict[str, Any]):
    lines = evaluation_summary(replace(result_of(translation), data=DataSource(source="new.csv")))
    assert ["BLEU", "0.0", "0.0", "to", "0.1"] in [line.split() for line in lines]
    assert "chrF, signature of sacreBLEU: nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0" in lines


def test_spread_has_one_place_more():
    values = {"mean": 38.9123, "sd": 0.1234, "values": [38.8, 39.0]}
    lines = spread_summary({"seeds": [0, 1], "metrics": {"bleu": values}}, folder="runs/seeds")
    assert lines[2].split() == ["BLEU", "38.91", "0.12", "38.80", "39.00"]
