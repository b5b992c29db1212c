"""The card in Korean says what the card in English says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from label_kinds_metrics import scores_of_pairs, several_labels
from run_results import card_of, result_of

from toolkit.errors import RecipeError
from toolkit.hub.card.check import check_card
from toolkit.hub.card.render import render_card
from toolkit.hub.card.words import PlainWords, Words, words_of
from toolkit.language.po import CARD
from toolkit.language.spoken import LANGUAGES, sentence_in
from toolkit.recipe.schema import ALL_METRICS
from toolkit.report import facts
from toolkit.report.measures import results
from toolkit.report.metric_words import metric_words
from toolkit.shipped import shipped_folder
from toolkit.tasks.pages import TASKS

SLICES = {
    "tokens": {"median": 26.0, "p95": 46.0, "max": 78},
    "limit": 64,
    "cut_rows": 3,
    "unknown": {"rows": 2, "share": 0.0004},
    "scripts": {"Latin": 900, "Hangul": 100},
    "metric": "accuracy",
    "slices": [
        {"by": "length", "low": 5, "high": 22, "rows": 500, "value": 0.9, "ci95": [0.88, 0.92]},
        {"by": "length", "low": 23, "high": 78, "rows": 500, "value": 0.78, "ci95": [0.75, 0.8]},
        {"by": "script", "name": "Latin", "rows": 900, "value": 0.85, "ci95": [0.8, 0.9]},
        {"by": "script", "name": "Hangul", "rows": 100, "value": 0.84, "ci95": [0.7, 0.9]},
    ],
}


def sentences() -> dict[str, Any]:
    file = shipped_folder("model_cards") / "words.yaml"
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {f"{group}.{key}": value for group, keys in groups.items() for key, value in keys.items()}


def without_code(card: str) -> str:
    return re.sub(r"```.*?```", "", ModelCard(card).text, flags=re.DOTALL)


PUT_TOGETHER = ("names.", "use.", "about.")


def test_metrics_are_explained_in_the_words_of_the_page():
    explained = {f"about.{name}": metric_words(name).about for name in ALL_METRICS if metric_words(name).about}
    assert {key: text for key, text in sentences().items() if key.startswith("about.")} == explained


def test_every_sentence_is_used():
    source = "".join(
        file.read_text(encoding="utf-8")
        for file in [
            *Path(render_card.__code__.co_filename).parent.glob("*.py"),
            *TASKS.rglob("*.py"),
            *shipped_folder("model_cards").glob("*.jinja"),
        ]
    )
    # Some keys are put together: their beginning is all that stands in the source.
    names = [key.partition(".")[2] for key in sentences() if not key.startswith(PUT_TOGETHER)]
    assert [name for name in names if name not in source and name.rpartition("_")[0] not in source] == []


@pytest.mark.parametrize("kind", ["labels", "several", "scores", "texts"])
def test_the_figures_and_the_metadata_are_the_same(metrics: dict[str, Any], translation: dict[str, Any], kind: str):
    metrics["splits"]["test"]["slices"] = SLICES
    metrics = {
        "labels": metrics,
        "several": several_labels(metrics),
        "scores": scores_of_pairs(metrics),
        "texts": translation,
    }[kind]
    recipe = "method: full\ndata: {max_length: 64, test_size: 1000}\ntraining: {learning_rate: 0.001}\n"
    cards = {language: card_of(metrics, recipe_yaml=recipe, language=language) for language in LANGUAGES}
    figures = {language: sorted(re.findall(r"\d[\d,.]*\d|\d", without_code(card))) for language, card in cards.items()}
    english, korean = figures["en"], figures["ko"]
    assert korean == english
    assert ModelCard(cards["ko"]).data.to_dict() == ModelCard(cards["en"]).data.to_dict()
    assert check_card(cards["ko"]) == ()


def test_nothing_of_ours_is_left_in_english(metrics: dict[str, Any]):
    metrics["splits"]["test"]["slices"] = SLICES
    metrics["data"]["warnings"] = []
    card = without_code(card_of(metrics, recipe_yaml="method: full\n", language="ko"))
    prose = re.sub(r"<!--.*?-->|`[^`]*`", "", card)
    for line in prose.splitlines():
        if re.search(r"\b(the|is|of|and|rows|not)\b", line):
            raise AssertionError(line)
    assert "2분 50초" in card
    assert "다음 유형에서 결과가 더 나쁩니다: 토큰 23\\~78개." in card
    assert "가장 나은 유형(토큰 5\\~22개) 0.900. 두 구간은 겹치지 않습니다." in card


def test_names_of_baselines_and_costs_are_translated(metrics: dict[str, Any], translation: dict[str, Any]):
    korean = words_of("ko")
    for each in (metrics, translation, several_labels(metrics), scores_of_pairs(metrics)):
        named = [one.name for one in results(result_of(each))] + [name for name, _ in facts.costs(each["cost"])]
        assert all(re.search("[가-힣]", korean.name(name)) for name in named), named


def test_another_language_is_refused(metrics: dict[str, Any]):
    with pytest.raises(RecipeError, match="no card is written in 'kr'; allowed: en, ko"):
        card_of(metrics, recipe_yaml="method: full\n", language="kr")


def test_what_fills_a_gap_is_escaped():
    filled = str(words_of("en")("limits.not_beaten", metric="<b>", ours="*1*", theirs="`2`", baseline="a|b"))
    assert "&lt;b&gt;" in filled
    assert r"\*1\*" in filled
    assert r"a\|b" in filled


def test_one_and_many():
    words = words_of("en")
    assert [str(words.count("test_rows", n)) for n in (0, 1, 1000)] == ["0 test rows", "1 test row", "1,000 test rows"]
    assert str(words.listed(["a", "b", "c"])) == "a, b and c"
    assert words_of("ko").amount("1 h 2 min") == "1시간 2분"
    assert words.amount("1 h 2 min") == "1 h 2 min"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_have_no_backslashes_of_markdown(language: str):
    plain, marked = (words_of(language, kind=kind) for kind in (PlainWords, Words))
    assert str(plain("slices.length", low=1, high=2)) == str(marked("slices.length", low=1, high=2)).replace("\\", "")
    texts = [sentence_in(language, text, context=CARD) for text in sentences().values() if isinstance(text, str)]
    assert len(texts) > 200
    assert not [text for text in texts if "\\" in plain.written(text)]
