"""What a model is for, in plain words, and the lines of Python that use it with plain transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.evaluation.generate import LONGEST_OUTPUT
from toolkit.evaluation.label_set_predictions import THRESHOLD
from toolkit.names import Family, Method, Problem, Task
from toolkit.report.label_facts import problem_of

FOLDER = "RUN/model"

_ANSWER = """inputs = tokenizer("…", truncation=True, return_tensors="pt")
outputs = model.generate(**inputs{limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""

_GO_ON = """ids = [tokenizer.bos_token_id, *tokenizer("…", add_special_tokens=False)["input_ids"]]
outputs = model.generate(torch.tensor([ids]){limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""

_FILL = """inputs = tokenizer("… <mask> …", truncation=True, return_tensors="pt")
masked = inputs["input_ids"] == tokenizer.mask_token_id
print(tokenizer.decode(model(**inputs).logits[masked].argmax(dim=-1)))"""


_CLASSIFIED = {
    Problem.SINGLE_LABEL: "It is for sorting {texts} like those that it learnt from into the labels below.",
    Problem.MULTI_LABEL: "It is for naming all of the labels below that {texts} like those that it learnt from have.",
    Problem.REGRESSION: "It is for giving {texts} like those that it learnt from a score.",
}

_PIPELINES = {
    Problem.SINGLE_LABEL: ("classify", "classify({text}, truncation=True)"),
    Problem.MULTI_LABEL: (
        "classify",
        f"""answers = classify([{{text}}], top_k=None, truncation=True)[0]
[answer["label"] for answer in answers if answer["score"] >= {THRESHOLD}]""",
    ),
    Problem.REGRESSION: ("rate", """rate([{text}], truncation=True)[0]["score"]"""),
}
"""What the pipeline is called, and what is done with it."""


@dataclass(frozen=True)
class _Form:
    """How models of a task and family are used.

    Attributes:
        use: what they are for.
        auto_class: the library's class that opens them.
        lines: what is done with `model` and `tokenizer`.
    """

    use: str
    auto_class: str
    lines: str


_TRANSLATOR = _Form(
    "It is for translating texts like those that it learnt from: it reads a source and writes it in the language of "
    "the targets.",
    "AutoModelForSeq2SeqLM",
    _ANSWER,
)
_ANSWERER = _Form(
    "It is for answering texts like the sources that it learnt from: it reads one and writes what could follow, "
    "as the targets do.",
    "AutoModelForSeq2SeqLM",
    _ANSWER,
)
_LANGUAGE_MODEL = _Form(
    "It is for going on with texts like those that it learnt from: it reads a beginning and writes the rest.",
    "AutoModelForCausalLM",
    _GO_ON,
)
_FILLER = _Form(
    "It fills in words that `<mask>` hides. Above all it is for fine-tuning: as the beginning of a model that sorts "
    "texts like those that it learnt from.",
    "AutoModelForMaskedLM",
    _FILL,
)


def intended_use(metrics: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """What the model is for, and for how long texts, as Markdown.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
    """
    form = _form(metrics)
    use = form.use if form else _CLASSIFIED[problem_of(metrics)].format(texts=_texts_of(recipe))
    longest = (recipe.get("data") or {}).get("max_length")
    return f"{use} Texts had up to {longest:,} tokens in training." if longest else use


def snippet(metrics: Mapping[str, Any], recipe: Mapping[str, Any], *, own_code: bool) -> str:
    """Lines of Python that ask the model in `FOLDER` about a text, ``…``.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        own_code: whether the folder brings the code of its model.
    """
    trust = ", trust_remote_code=True" if own_code else ""
    form = _form(metrics)
    if form is None:
        return _classify(problem_of(metrics), recipe, trust)
    generation = (recipe.get("evaluation") or {}).get("generation") or {}
    longest = min(LONGEST_OUTPUT, (recipe.get("data") or {}).get("max_length") or LONGEST_OUTPUT)
    limit = "" if generation.get("max_new_tokens") else f", max_new_tokens={longest}"
    head = "import torch\n" if form is _LANGUAGE_MODEL else ""
    return f"""{head}from transformers import {form.auto_class}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{FOLDER}"{trust})
model = {form.auto_class}.from_pretrained("{FOLDER}"{trust})

{form.lines.replace("{limit}", limit)}"""


def brings_code(recipe: Mapping[str, Any], model_config: Mapping[str, Any] | None) -> bool:
    """Whether the model's folder brings its code: by its ``config.json``, or else by the recipe."""
    if model_config is None:
        return recipe.get("method") == Method.SCRATCH
    return "auto_map" in model_config


def _form(metrics: Mapping[str, Any]) -> _Form | None:
    """None for a classifier."""
    task, is_pair = metrics["task"], metrics["family"] == Family.ENCODER_DECODER
    if task == Task.TRANSLATION:
        return _TRANSLATOR
    if task == Task.TEXT_GENERATION:
        return _ANSWERER if is_pair else _LANGUAGE_MODEL
    return _FILLER if task == Task.FILL_MASK else None


def _reads_pairs(recipe: Mapping[str, Any]) -> bool:
    return "text_pair" in ((recipe.get("data") or {}).get("columns") or {})


def _texts_of(recipe: Mapping[str, Any]) -> str:
    return "pairs of texts" if _reads_pairs(recipe) else "texts"


def _classify(problem: Problem, recipe: Mapping[str, Any], trust: str) -> str:
    text = '{"text": "…", "text_pair": "…"}' if _reads_pairs(recipe) else '"…"'
    name, lines = _PIPELINES[problem]
    return f"""from transformers import pipeline

{name} = pipeline("text-classification", model="{FOLDER}"{trust})
{lines.replace("{text}", text)}"""
