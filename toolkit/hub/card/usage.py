"""What a model is for, in plain words, and the lines of Python that use it with plain transformers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.evaluation.inference.generate import LONGEST_OUTPUT
from toolkit.evaluation.inference.label_set_predictions import THRESHOLD
from toolkit.hub.card.markdown import Markdown
from toolkit.hub.card.names import hub_model, is_full_path, short_name
from toolkit.hub.card.words import Words, words_of
from toolkit.names import Family, Method, Problem, Task
from toolkit.report.label_facts import problem_of

FOLDER = "RUN/model"
"""What stands for a model that is not published."""

GAP = "…"
"""What stands for a text where no real one is shown."""

_WRITTEN_ON = 40
"""Tokens that a language model adds to an example: enough to see how it writes."""

_ANSWER = """text = {text}
inputs = tokenizer(text, truncation=True, return_tensors="pt")
outputs = model.generate(**inputs{limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""

_GO_ON = """text = {text}
ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]
outputs = model.generate(torch.tensor([ids]){limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""

_FILL = """text = {text}
inputs = tokenizer(text, truncation=True, return_tensors="pt")
masked = inputs["input_ids"] == tokenizer.mask_token_id
print(tokenizer.decode(model(**inputs).logits[masked].argmax(dim=-1)))"""

_PIPELINES = {
    Problem.SINGLE_LABEL: ("classify", "text = {text}\nprint(classify(text, truncation=True))"),
    Problem.MULTI_LABEL: (
        "classify",
        f"""text = {{text}}
answers = classify([text], top_k=None, truncation=True)[0]
print([answer["label"] for answer in answers if answer["score"] >= {THRESHOLD}])""",
    ),
    Problem.REGRESSION: (
        "rate",
        """text = {text}
print(rate([text], truncation=True)[0]["score"])""",
    ),
}
"""What the pipeline is called, and what is done with it."""

_ADAPTED = """from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, pipeline

config = AutoConfig.from_pretrained({model})
base = AutoModelForSequenceClassification.from_pretrained({base}, revision={revision}, config=config)
model = PeftModel.from_pretrained(base, {model}).merge_and_unload()
{name} = pipeline("text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained({model}))
{lines}"""


@dataclass(frozen=True)
class _Form:
    """How models of a task and family are used.

    Attributes:
        use: the key of the sentence that says what they are for.
        auto_class: the library's class that opens them.
        lines: what is done with `model` and `tokenizer`.
    """

    use: str
    auto_class: str
    lines: str


_TRANSLATOR = _Form("translator", "AutoModelForSeq2SeqLM", _ANSWER)
_ANSWERER = _Form("answerer", "AutoModelForSeq2SeqLM", _ANSWER)
_LANGUAGE_MODEL = _Form("language_model", "AutoModelForCausalLM", _GO_ON)
_FILLER = _Form("filler", "AutoModelForMaskedLM", _FILL)


def intended_use(metrics: Mapping[str, Any], recipe: Mapping[str, Any], words: Words | None = None) -> Markdown:
    """What the model is for.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        words: of the card; English if not given.
    """
    words = words or words_of("en")
    form = _form(metrics)
    key = form.use if form else "asked" if _is_asked(recipe) else problem_of(metrics).value
    return words(f"use.{key}", texts=words("use.pairs" if reads_pairs(recipe) else "use.texts"))


def unintended_use(metrics: Mapping[str, Any], recipe: Mapping[str, Any], words: Words | None = None) -> list[Markdown]:
    """What the model is not for, a line each."""
    words = words or words_of("en")
    form = _form(metrics)
    longest = (recipe.get("data") or {}).get("max_length")
    lines = [words("use.not_other")]
    in_parts = form in (_LANGUAGE_MODEL, _FILLER)
    lines += [words("use.not_whole" if in_parts else "use.not_longer", n=longest)] if longest else []
    if form is None:
        single = problem_of(metrics) is Problem.SINGLE_LABEL
        return lines + ([words("use.not_none")] if single else []) + [words("use.not_people")]
    return [*lines, words("use.not_answers" if form is _FILLER else "use.not_facts")]


def snippet(
    metrics: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    own_code: bool,
    model: str = FOLDER,
    inputs: Mapping[str, str] | None = None,
    adapter: bool = False,
) -> str:
    """Lines of Python that ask the model about a text and print the answer.

    A run without a model of its own has a line for the shell instead.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        own_code: whether the folder brings the code of its model.
        model: its repository or folder.
        inputs: ``text``, and ``text_pair`` for pairs; a gap if not given.
        adapter: whether the adapter alone is there.
    """
    inputs = inputs or {"text": GAP, **({"text_pair": GAP} if reads_pairs(recipe) else {})}
    if _is_asked(recipe):
        return _command(metrics, recipe, inputs)
    trust = ", trust_remote_code=True" if own_code else ""
    form = _form(metrics)
    if form is None:
        name, lines = _PIPELINES[problem_of(metrics)]
        lines = lines.replace("{text}", _argument(inputs))
        return _adapted(metrics, model, name, lines) if adapter else _piped(model, trust, name, lines)
    generation = (recipe.get("evaluation") or {}).get("generation") or {}
    head = "import torch\n" if form is _LANGUAGE_MODEL or generation.get("do_sample") else ""
    seed = "torch.manual_seed(0)\n" if generation.get("do_sample") else ""
    text = inputs["text"] if form is not _FILLER or inputs["text"] != GAP else f"{GAP} <mask> {GAP}"
    lines = form.lines.replace("{limit}", _limit(form, recipe, generation)).replace("{text}", literal(text))
    return f"""{head}from transformers import {form.auto_class}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({literal(model)}{trust})
model = {form.auto_class}.from_pretrained({literal(model)}{trust})

{seed}{lines}"""


def text_function(metrics: Mapping[str, Any], recipe: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """For a model that answers with a text: the library's class that opens it, and the lines of a function of `text`.

    They know `model`, `tokenizer` and, where the answer is drawn or begun, `torch`. None for a classifier.
    """
    form = _form(metrics)
    if form is None:
        return None
    generation = (recipe.get("evaluation") or {}).get("generation") or {}
    _, *lines, last = form.lines.replace("{limit}", _limit(form, recipe, generation)).splitlines()
    return form.auto_class, [*lines, f"return {last.removeprefix('print(').removesuffix(')')}"]


def literal(text: str) -> str:
    """A text as it is written in Python."""
    # What JSON writes is Python too.
    return json.dumps(text, ensure_ascii=False)


def draws(recipe: Mapping[str, Any]) -> bool:
    """Whether the words of an answer are drawn at random."""
    return bool(((recipe.get("evaluation") or {}).get("generation") or {}).get("do_sample"))


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


def _is_asked(recipe: Mapping[str, Any]) -> bool:
    return recipe.get("method") == Method.ZERO_SHOT


def reads_pairs(recipe: Mapping[str, Any]) -> bool:
    """Whether a row is two texts."""
    return "text_pair" in ((recipe.get("data") or {}).get("columns") or {})


def _argument(inputs: Mapping[str, str]) -> str:
    if "text_pair" not in inputs:
        return literal(inputs["text"])
    return "{" + ", ".join(f"{literal(name)}: {literal(text)}" for name, text in inputs.items()) + "}"


def _limit(form: _Form, recipe: Mapping[str, Any], generation: Mapping[str, Any]) -> str:
    """How long an answer may get, where the model's folder does not say."""
    if generation.get("max_new_tokens"):
        return ""
    longest = _WRITTEN_ON if form is _LANGUAGE_MODEL else LONGEST_OUTPUT
    return f", max_new_tokens={min(longest, (recipe.get('data') or {}).get('max_length') or longest)}"


def _piped(model: str, trust: str, name: str, lines: str) -> str:
    return f"""from transformers import pipeline

{name} = pipeline("text-classification", model={literal(model)}{trust})
{lines}"""


def _adapted(metrics: Mapping[str, Any], model: str, name: str, lines: str) -> str:
    base, revision = hub_model(metrics) or metrics["model"], metrics["revision"] or "main"
    named = {"model": literal(model), "base": literal(base), "revision": literal(revision)}
    return _ADAPTED.format(**named, name=name, lines=lines)


def _command(metrics: Mapping[str, Any], recipe: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """How the base model is asked; by the run where the command has no option for what its recipe says."""
    asked = recipe.get("zero_shot") or {}
    renamed = any(label != word for label, word in (asked.get("label_words") or {}).items())
    if "text_pair" in inputs:
        return "toolkit predict RUN pairs.csv"
    if renamed or asked.get("shots") or any("," in label for label in metrics["labels"]):
        return f"toolkit predict RUN {shlex.quote(inputs['text'])}"
    options = {"--scorer": asked.get("scorer"), "--calibration": asked.get("calibration")}
    model = metrics["model"]
    model = short_name(model) if is_full_path(model) else model
    parts = [model, inputs["text"], "--labels", ",".join(metrics["labels"])]
    parts += [part for option, value in options.items() if value for part in (option, value)]
    parts += ["--language", "ko"] if asked.get("language") == "ko" else []
    parts += [part for template in asked.get("templates") or () for part in ("--template", template)]
    return " ".join(["toolkit", "zero-shot", *map(shlex.quote, parts)])
