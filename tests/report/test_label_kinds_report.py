"""The page and the terminal's lines for several labels and for numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from label_kinds_metrics import scores_of_pairs, several_labels
from report_page import HOSTILE, Page
from run_results import result_of, split_of

from toolkit.data.doctor import examine
from toolkit.data.tables import Part, Table
from toolkit.names import Problem
from toolkit.report.doctor import doctor_summary
from toolkit.report.measures import best_values, results
from toolkit.report.page import render_page
from toolkit.report.scatter import scatter_chart
from toolkit.report.sentences import comparison
from toolkit.report.summary import evaluation_summary, run_summary
from toolkit.tasks import room_of
from toolkit.tasks.text_classification.weak_places import hardest_labels, spread_of_errors

SET_MISTAKE = {"id": 3, "text": "왜?", "reference": "화", "prediction": "", "probability": 0.61, "text_pair": None}
ERROR = {"id": 7, "text": "한 남자가 달린다.", "reference": 0.5, "prediction": 4.2123, "text_pair": "개가 잔다."}


@pytest.fixture
def several(metrics: dict[str, Any]) -> dict[str, Any]:
    return several_labels(metrics)


@pytest.fixture
def scores(metrics: dict[str, Any]) -> dict[str, Any]:
    return scores_of_pairs(metrics)


def page_of(metrics: dict[str, Any], *samples: dict[str, Any]) -> Page:
    losses = [{"step": 1, "loss": 0.5}]
    return Page(render_page(result_of(metrics), recipe_yaml="task: x\n", samples=samples, losses=losses))


def words_of(page: Page) -> str:
    return " ".join(page.text.split())


def test_page_of_several_labels(several: dict[str, Any]):
    page = page_of(several, SET_MISTAKE)
    seen = words_of(page)
    for words in (
        "reaches macro F1 0.612 (95 % interval 0.550 to 0.660) on 200 test rows.",
        "Most frequent set of labels",
        "화40200.500 0.272 to 0.7280.250 0.127 to 0.412",
        "No test row has 1 of the labels: envy.",
        "reference 화 · predicted none with probability 0.610 · row 3",
        "least sure decision",
        "labels3",
    ):
        assert words in seen
    assert page.count("table", "matrix") == page.count("svg", "scatter") == 0


def test_page_of_scores(scores: dict[str, Any]):
    page = page_of(scores, ERROR)
    seen = words_of(page)
    for words in (
        "reaches Pearson correlation 0.810 (95 % interval 0.790 to 0.830) on 1,379 test rows.",
        "0.090 above the best baseline: TF-IDF + ridge regression",
        "Mean of the training scores not defined",
        "mean squared error, less is better",
        "Half of the predictions are off by 0.457 or less, 95 % by 1.9 or less; on average they are 0.21 too low.",
        "4 test rows, drawn at random.",
        "Largest errors 한 남자가 달린다. 개가 잔다. reference 0.5 · predicted 4.21 · row 7",
    ):
        assert words in seen
    assert "classes" not in seen
    assert "probability" not in seen
    points = [attributes for tag, attributes in page.tags if tag == "circle" and attributes.get("class") == "point"]
    assert len(points) == 4


def test_points_stand_where_they_belong(scores: dict[str, Any]):
    chart = scatter_chart(scores["splits"]["test"]["points"])
    assert chart.points[1] == (100.0 * (5 + 2) / 8, 100 - 100.0 * (5 + 2) / 8)  # axes from -2 to 6
    assert [tick.text for tick in chart.x_ticks] == [tick.text for tick in chart.y_ticks] == ["-2", "0", "2", "4", "6"]
    assert [tick.at for tick in chart.y_ticks] == [100 - tick.at for tick in chart.x_ticks]
    assert scatter_chart([]) is None
    assert scatter_chart([[3.0, 3.0]]).points[0] == (50.0, 50.0)


def test_less_is_better_is_compared_the_right_way_round(scores: dict[str, Any]):
    test = scores["splits"]["test"]["metrics"]
    scores["splits"]["test"]["metrics"] = {"mse": test["mse"]}
    assert comparison(result_of(scores)).startswith(
        "That is 0.200 below the best baseline, where less is better: TF-IDF + ridge regression, 1.100"
    )
    assert best_values(results(result_of(scores_of_pairs(scores))))["mae"] == 0.85


def test_hostile_labels_stay_text(several: dict[str, Any]):
    for score in several["splits"]["test"]["per_label"]:
        score["label"] = HOSTILE
    page = page_of(several, {**SET_MISTAKE, "text_pair": HOSTILE, "reference": HOSTILE})
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert page.text.count(HOSTILE) == 5


def test_summary_of_several_labels(several: dict[str, Any]):
    lines = run_summary(result_of(several), folder="runs/a", samples=[SET_MISTAKE])
    assert "Hardest labels:" in lines
    assert lines[lines.index("Hardest labels:") + 1] == "  화: F1 0.333; in 40 rows, given to 20"
    assert "  0.61 sure of none, but it is 화: 왜?" in lines


def test_summary_of_scores(scores: dict[str, Any]):
    lines = run_summary(result_of(scores), folder="runs/a", samples=[ERROR])
    assert "Largest errors:" in lines
    assert "  predicted 4.21, but it is 0.5: 한 남자가 달린다. / 개가 잔다." in lines
    assert "  toolkit predict runs/a your-pairs.csv" in lines
    assert spread_of_errors(result_of(scores).test) in lines
    assert spread_of_errors(result_of(scores).test) in evaluation_summary(result_of(scores))


@pytest.mark.parametrize(
    ("errors", "end"),
    [
        ({"bias": 0.001, "median": 0.5, "p95": 2.0}, "95 % by 2 or less."),
        (
            {"bias": 1500.0, "median": 2345.6, "p95": 98765.4},
            "95 % by 98,765 or less; on average they are 1,500 too high.",
        ),
        ({"bias": 0.0, "median": 0.0, "p95": 0.0}, "off by 0 or less, 95 % by 0 or less."),
    ],
)
def test_errors_in_words(errors: dict[str, float], end: str):
    assert spread_of_errors(split_of({"errors": errors})).endswith(end)


def test_a_run_of_an_older_version_has_one_class_a_text(metrics: dict[str, Any]):
    result = result_of(metrics)
    assert result.problem is None
    assert room_of(result.task).pages.use(result) == Problem.SINGLE_LABEL
    assert '  toolkit predict runs/a "your own text"' in run_summary(result, folder="runs/a")
    assert hardest_labels(result.test, at_most=3) == []


def _table(labels: list[str]) -> Table:
    texts = [f"text {i}" for i in range(len(labels))]
    return Table({"text": texts, "label": labels}, (Part("a.csv", range(2, len(labels) + 2), "utf-8"),))


def test_doctor_of_several_labels_and_of_scores():
    cells = ["a;b", "a", "", "b"] * 10
    lines = doctor_summary(examine({"all": _table(cells)}, problem=Problem.MULTI_LABEL), None)
    assert "labels: 2 (a 20, b 20)" in lines
    assert "rows without any label: 10" in lines
    assert lines[-1] == "Nothing to warn of."
    cells = [str(i % 6) for i in range(30)]
    lines = doctor_summary(examine({"all": _table(cells)}, problem=Problem.REGRESSION), None)
    assert "scores: 0 to 5, mean 2.5, standard deviation 1.71" in lines
    assert not any(line.startswith("classes") for line in lines)
    assert json.loads(json.dumps(str(examine({"all": _table(cells)}).problem))) == "single_label_classification"
