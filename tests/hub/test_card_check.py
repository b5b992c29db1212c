"""What must not be sent is found before anything is sent, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from huggingface_hub import EvalResult, ModelCardData

from toolkit.hub.card.check import check_card
from toolkit.hub.card.known import language_fault, licence_fault, names, task_fault

RESULT = {
    "task": {"type": "text-classification"},
    "dataset": {"type": "org/rows", "name": "rows"},
    "metrics": [{"type": "accuracy", "value": 0.5}],
}
SOUND = {
    "license": "apache-2.0",
    "language": ["ko", "en", "zh-Hant", "yue"],
    "pipeline_tag": "text-classification",
    "base_model": "org/name",
    "base_model_relation": "finetune",
    "datasets": ["imdb", "org/rows"],
    "model-index": [{"name": "m", "results": [RESULT]}],
}


def card(body: str = "# title\n", **changes: object) -> str:
    return f"---\n{yaml.safe_dump({**SOUND, **changes}, allow_unicode=True)}---\n{body}"


def faults(text: str) -> str:
    return "\n".join(map(str, check_card(text)))


def test_a_sound_card_has_no_fault():
    assert check_card(card()) == ()
    assert check_card("---\nlicense: mit\n---\n") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"license": "apache2"}, "did you mean 'apache-2.0'?"),
        ({"license": "Apache-2.0"}, "did you mean 'apache-2.0'?"),
        ({"language": ["english"]}, "'english' is no code of a language"),
        ({"language": "xx"}, "'xx' is no code"),
        ({"language": [False]}, "False is no code"),
        ({"pipeline_tag": "text-clasification"}, "did you mean 'text-classification'?"),
        ({"base_model": "/home/me/models/mine"}, "path of this machine"),
        ({"base_model": "packaged:minilm"}, "is no hub id org/name"),
        ({"base_model": "models/mine/deep"}, "is no hub id org/name"),
        ({"base_model_relation": "child"}, "'child' is no relation"),
        ({"datasets": ["data/train.csv/x"]}, "is no data set of the hub"),
        ({"datasets": ["C:\\Users\\me\\rows.csv"]}, "path of this machine"),
        ({"tags": ["<script>alert(1)</script>"]}, "holds HTML"),
        ({"title": "a\n---\nb"}, "which ends the metadata"),
        ({"title": "---"}, "which ends the metadata"),
        ({"loss": float("nan")}, "nan is not finite"),
        ({"loss": [{"deep": float("-inf")}]}, "card metadata loss[0].deep: the number -inf is not finite"),
        ({"model-index": [{"name": "m", "results": [{**RESULT, "dataset": {"type": "x"}}]}]}, "dataset: lacks name"),
        ({"model-index": [{"name": "m", "results": [{**RESULT, "task": None}]}]}, "task: lacks type"),
        ({"model-index": [{"name": "m", "results": [{**RESULT, "metrics": [{"type": "a"}]}]}]}, "None is no number"),
        ({"model-index": [{"results": []}]}, "each model has a name"),
    ],
)
def test_each_fault_is_told(changes: dict[str, object], words: str):
    assert words in faults(card(**changes))


def test_all_faults_come_at_once():
    found = check_card(card(license="none", language="xx", pipeline_tag="chat", body="<script>x</script>"))
    assert len(found) == 4


def test_what_the_hubs_own_library_lets_through_is_found():
    def data(value: object) -> str:
        result = EvalResult("text-classification", "org/rows", "rows", "accuracy", value)
        return f"---\n{ModelCardData(eval_results=[result], model_name='m').to_yaml()}\n---\n"

    assert "!!python" in data(np.float64(0.5))
    assert "no plain text or number" in faults(data(np.float64(0.5)))
    assert "nan is not finite" in faults(data(float("nan")))
    assert check_card(data(0.5)) == ()


@pytest.mark.parametrize("text", ["", "# no front matter\n", "---\nlicense: mit\n"])
def test_front_matter_is_needed(text: str):
    assert "no front matter" in faults(text)


@pytest.mark.parametrize("text", ["---\na: [1\n---\n", "---\n- a\n---\n", "---\na: !!python/name:os.system\n---\n"])
def test_front_matter_is_a_plain_mapping(text: str):
    assert "card metadata" in faults(text)


@pytest.mark.parametrize(
    ("body", "is_sound"),
    [
        ("a <script>alert(1)</script>", False),
        ("a <img src=x onerror=y>", False),
        ("<SCRIPT src=x", False),
        ("`<script>` and ``a ` <script>``", True),
        ("```\n<script>\n```\n", True),
        ("````\n```\n<script>\n````\n", True),
        ("\\`<script>\\`", False),
        ("<details>\n<summary>a</summary>\n</details>\n<!-- note -->", True),
        ("1 < 2 and &lt;script&gt;", True),
        ("from /home/someone/data/train.csv", False),
        ("`C:\\Users\\someone\\x`", False),
        ("see /home/ and https://huggingface.co/home/x/", True),
    ],
)
def test_the_text_holds_no_markup_and_no_folders(body: str, is_sound: bool):
    assert (check_card(card(body)) == ()) == is_sound


def test_names_that_the_hub_knows():
    assert licence_fault("cc-by-nc-sa-4.0") is licence_fault("llama3.1") is None
    assert task_fault("fill-mask") is task_fault("translation") is None
    assert language_fault("multilingual") is language_fault("no") is None
    assert len(names("languages")) == 184
    assert all(kind == sorted(kind) for kind in (list(names("licences")), list(names("languages"))))
