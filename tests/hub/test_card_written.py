"""What a model wrote, in its card: the rows of the report, before training and after, whatever stands in them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt
from report_page import Page
from run_results import card_of
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from writing_models import recipe_for, write_chats, writing_model

from toolkit.hub.card.check import check_card
from toolkit.language.spoken import LANGUAGES
from toolkit.run_result import RunResult, Written
from toolkit.tasks.texts.rows_shown import shortened_row
from toolkit.trials.finished import FinishedRun
from toolkit.wording import MOST_SHOWN
from toolkit.workflow.fine_tune import fine_tune

HOSTILE = (
    "a | b | c",
    "```\n<script>alert(1)</script>\n````` {{ 7 * 7 }}",
    "# 제목\n\n---\n- *별* `코드` [링크](http://x.y) <b>굵게</b> &amp; \\ $x$",
    "user: 안녕?\nassistant: 네, 안녕하세요.\nuser: <|im_end|> 그럼?",
)
RECIPE = "task: translation\nmodel: {name: org/base}\ndata: {columns: {}}\nevaluation: {generation: {num_beams: 4}}\n"


def rows() -> list[dict[str, Any]]:
    return [
        {
            "id": f"r{i}",
            "text": text,
            "reference": text[::-1],
            "prediction": f"{text}!",
            "before": text,
            "chrf": 1.5 * i,
        }
        | {"worst": i < 2}
        for i, text in enumerate(HOSTILE)
    ]


def blocks(card: str) -> list[str]:
    """The fenced blocks of the section as a reader of Markdown sees them."""
    section = card[card.index("## What it writes") : card.index("## Limits")]
    tokens = MarkdownIt("commonmark").parse(section)
    return [token.content.rstrip("\n") for token in tokens if token.type == "fence"]


def test_hostile_texts_stand_as_they_are(translation: dict[str, Any]):
    card = card_of(translation | {"written": rows()}, recipe_yaml=RECIPE)
    expected = [part for text in HOSTILE for part in (text, text[::-1], text, f"{text}!")]
    assert blocks(card) == expected
    assert check_card(card) == ()
    shown = MarkdownIt("commonmark", {"html": True}).render(card)
    assert "<script" not in shown
    for words in ("Row <code>r0</code>, among the worst: chrF 0.0", "Row <code>r3</code>, chrF 4.5", "num_beams=4"):
        assert words in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_known_is_not_spoken_of(language: str, translation: dict[str, Any]):
    (row,) = [{**rows()[0], "reference": None, "before": None, "prediction": " ", "chrf": None, "worst": False}]
    card = card_of(translation | {"written": [row]}, recipe_yaml=RECIPE, language=language)
    assert check_card(card) == ()
    section = card[card.index("r0") :]
    nothing = {"en": "It wrote:\n\n*nothing*", "ko": "쓴 텍스트:\n\n*없음*"}[language]
    assert nothing in section
    assert ("Before training" in section, "chrF" in section.partition("##")[0]) == (False, False)
    without = card_of(translation, recipe_yaml=RECIPE, language=language)
    assert nothing not in without


@pytest.mark.parametrize(
    "unit", ["e\u0301", "\u1100\u1161\u11a8", "👩\u200d👩\u200d👧", "🇰🇷", "가", "a" + "\u0301" * 999]
)
def test_long_texts_are_cut_between_graphemes(unit: str):
    """But for one that is longer than what is shown."""
    row = Written(id="x" * 999, text=unit * 999, reference=None, prediction="b", chrf=None, worst=False)
    text = shortened_row(row).text
    kept, end = text[:-1], text[-1]
    assert (end, MOST_SHOWN - len(unit) - 1 <= len(text) <= MOST_SHOWN) == ("…", True)
    assert (unit * 999).startswith(kept) if len(unit) > MOST_SHOWN else kept == unit * (len(kept) // len(unit))
    assert shortened_row(replace(row, text="가 " * 40)).text == "가 " * 40
    assert len(shortened_row(row).id) == 999


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    home = tmp_path_factory.mktemp("written")
    model = writing_model("llama", home / "base")
    settings = {"method": "lora", "training": {"learning_rate": 0.05, "max_steps": 6}}
    recipe = recipe_for(
        "text-generation",
        model,
        write_chats(home),
        {"messages": "messages"},
        evaluation={"metrics": ["chrf"], "generation": {"max_new_tokens": 5, "num_beams": 1}},
        **settings,
    )
    return fine_tune(recipe, name="chat", output_dir=home / "run", ledger=home / "trials.jsonl")


def test_a_run_asks_before_and_after_and_tells_it_alike(run: FinishedRun):
    result = RunResult.read(run.folder / "metrics.json")
    assert result.written == run.result.written
    assert {row.id for row in result.written} == {sample["id"] for sample in run.samples()}
    asked = [row for row in result.written if row.before is not None]
    assert asked
    assert any(row.before != row.prediction for row in asked)
    card, page = ((run.folder / name).read_text(encoding="utf-8") for name in ("README.md", "report.html"))
    assert "It wrote with" in card
    told = " ".join(Page(page).text.split())
    for row in asked:
        for text in filter(str.strip, (row.text, row.reference or "", row.prediction, row.before or "")):
            assert text in blocks(card)
            assert " ".join(text.split()) in told
    turns = [row.text for row in result.written if "\n" in row.text]
    assert turns
    assert all(re.match(r"(system|user): .*\n(user|assistant): ", text) for text in turns)
    assert html.escape(turns[0].splitlines()[0]) in page


def test_what_it_wrote_before_is_what_plain_transformers_writes(run: FinishedRun):
    tokenizer = AutoTokenizer.from_pretrained(run.folder / "model")
    base = AutoModelForCausalLM.from_pretrained(run.folder.parent / "base")
    base.generation_config = GenerationConfig.from_pretrained(run.folder / "model")
    asked = [row for row in run.result.written if row.before is not None and "\n" not in row.text]
    assert asked
    for row in asked:
        chat = [{"role": "user", "content": row.text}]
        inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
        written = base.generate(**inputs)[0][inputs["input_ids"].shape[1] :]
        assert tokenizer.decode(written, skip_special_tokens=True) == row.before
