"""Every task has pages; what they ask of others is there."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
import yaml
from run_results import recipe_of, result_of, split_of

from toolkit.hub.card.words import words_of
from toolkit.hub.verify import replay
from toolkit.names import Family, Task
from toolkit.run_result import RunResult
from toolkit.shipped import shipped_folder
from toolkit.tasks import room_of
from toolkit.tasks.pages import TASKS, Code, Rows, Sentence, TaskPages

FAMILIES = [(task, family) for task in Task for family in room_of(task).head.classes]


def _result(task: Task, family: Family) -> RunResult:
    labels = ("a", "b") if room_of(task).head.is_labelled else ()
    return replace(result_of({}), task=task, family=family, labels=labels)


@pytest.mark.parametrize(("task", "family"), FAMILIES)
def test_every_sentence_that_pages_name_is_in_the_card(task: Task, family: Family):
    result, pages = _result(task, family), room_of(task).pages
    groups = yaml.safe_load((shipped_folder("model_cards") / "words.yaml").read_text(encoding="utf-8"))
    named = [f"use.{pages.use(result)}", *(f"use.{key}" for key in pages.misuse(result)), pages.reference(result)]
    named += [f"unmeasured.{key}" for key in pages.unmeasured(result)]
    answers, lacking = pages.answers(result), pages.no_baseline(result)
    named += [] if answers is None else [answers]
    named += [] if lacking is None else [f"results.{lacking.key}"]
    missing = [key for key in named if key.partition(".")[2] not in groups[key.partition(".")[0]]]
    assert missing == []


@pytest.mark.parametrize(("task", "family"), FAMILIES)
def test_the_lines_that_ask_a_model_are_python(task: Task, family: Family):
    result, pages = _result(task, family), room_of(task).pages
    call, demo = pages.call(result, recipe_of({})), pages.demo(result, recipe_of({}))
    ast.parse(call.lines.replace("{text}", '"a"'))
    ast.parse("def answer(text):\n" + "\n".join(f"    {line.replace('{row}', 'text')}" for line in demo.lines))
    assert re.findall(r"{[a-z_]*}", call.lines) == ["{text}"] * call.lines.count("{text}")


@pytest.mark.parametrize("task", list(Task))
def test_every_task_has_a_part_of_the_report_and_an_example(task: Task):
    pages = room_of(task).pages
    assert pages.partial is not None
    assert (TASKS / pages.partial).is_file()
    for family in room_of(task).head.classes:
        text = pages.example_input("Ein langer Satz mit vielen Wörtern", _result(task, family))
        assert text
        assert room_of(task).pages.input_words(_result(task, family))


def test_the_table_of_the_fresh_process_agrees_with_the_rooms():
    classes = {
        task.value: {family.value: auto.__name__ for family, auto in room_of(task).head.classes.items()}
        for task in Task
    }
    assert {task: entry[0] for task, entry in replay.TASKS.items()} == classes


def test_defaults_say_nothing():
    class Bare(TaskPages):
        def sample_lines(self, samples):
            return []

        def prediction_lines(self, rows):
            return []

        def use(self, result):
            return "asked"

        def misuse(self, result):
            return ()

        def reference(self, result):
            return "how.reference"

        def call(self, result, recipe):
            raise NotImplementedError

        def demo(self, result, recipe):
            raise NotImplementedError

    pages, result = Bare(), result_of({})
    assert pages.partial is None
    assert (pages.weak_lines(result.test), pages.limits(result.test), pages.part(result)) == ([], [], {})
    assert (pages.shown(""), pages.shown("a")) == ("none", "a")


def test_sentences_of_a_task_are_escaped_and_counted():
    words = words_of("en")
    sentence = Sentence("limits.found_least", {"label": Code("<b>"), "found": 1, "rows": Rows(2000), "share": "0"})
    assert str(words.sentence(sentence)) == "The class found least is `<b>`: 1 of 2,000 test rows (0 %)."


def test_weak_places_are_read_from_the_details():
    pages = room_of(Task.TEXT_CLASSIFICATION).pages
    confusion = {"labels": ["a", "b"], "counts": [[3, 1], [0, 4], [2, 0]]}
    test = split_of({"confusion": confusion})
    assert pages.weak_lines(test)[:3] == ["", "Most confused:", "  (outside the training labels) taken for a: 2 of 2"]
    assert [sentence.key for sentence in pages.limits(test)] == [
        "limits.found_least",
        "limits.confused",
        "limits.unknown",
    ]
