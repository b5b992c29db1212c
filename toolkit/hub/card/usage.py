"""Lines that use a model with plain transformers, and sentences on what it is for."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from toolkit.hub.card.markdown import Markdown
from toolkit.hub.card.names import hub_model, is_full_path, short_name
from toolkit.hub.card.words import Words, words_of
from toolkit.names import Method
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.tasks.pages import GAP, Call

FOLDER = "RUN/model"
"""Placeholder for a model that is not published."""

_ADAPTED = """from peft import PeftModel
from transformers import AutoConfig, {auto_class}, AutoTokenizer, {imported}pipeline

{opening}
{name} = pipeline("{task}", model=model, tokenizer=AutoTokenizer.from_pretrained({model}))
{lines}"""

_OPENING = """config = AutoConfig.from_pretrained({model})
{quantized}base = {auto_class}.from_pretrained({base}, revision={revision}, config=config{given})
model = PeftModel.from_pretrained(base, {model}){merged}"""

_IN_BITS = {
    "imported": "BitsAndBytesConfig, ",
    "quantized": "in_bits = BitsAndBytesConfig(**config.base_quantization)  # the bits that it was trained on\n",
    "given": ", quantization_config=in_bits",
}


_DIRECT_IN_BITS = """import torch
from peft import PeftModel
from transformers import AutoConfig, {auto_class}, AutoTokenizer, BitsAndBytesConfig, GenerationConfig

{opening}
{settings}tokenizer = AutoTokenizer.from_pretrained({model})

{seed}"""

_SETTINGS = "model.generation_config = GenerationConfig.from_pretrained({model})\n"

_SEED = "torch.manual_seed(0)\n"


def intended_use(result: RunResult, recipe: Recipe, words: Words | None = None) -> Markdown:
    """Return what the model is for.

    Args:
        result: of the run.
        recipe: of the run.
        words: of the card; English if not given.
    """
    words = words or words_of("en")
    key = "asked" if is_asked(recipe) else room_of(result.task).pages.use(result)
    return words(f"use.{key}", texts=words("use.pairs" if reads_pairs(recipe) else "use.texts"))


def unintended_use(result: RunResult, recipe: Recipe, words: Words | None = None) -> list[Markdown]:
    """Return what the model is not for, a line each; the arguments are those of `intended_use`."""
    words = words or words_of("en")
    room, longest = room_of(result.task), recipe.data.max_length
    length = "use.not_whole" if room.reads_in_parts(result.family) else "use.not_longer"
    return [
        words("use.not_other"),
        *([words(length, n=longest)] if longest else []),
        *(words(f"use.{key}") for key in room.pages.misuse(result)),
    ]


def snippet(
    result: RunResult,
    recipe: Recipe,
    *,
    own_code: bool,
    model: str = FOLDER,
    inputs: Mapping[str, str] | None = None,
    adapter: bool = False,
) -> str:
    """Return lines of Python that ask the model about a text and print the answer.

    A run without a model of its own has a line for the shell instead.

    Args:
        result: of the run.
        recipe: of the run.
        own_code: whether the folder brings the code of its model.
        model: its repository or folder.
        inputs: ``text``, and ``text_pair`` for pairs; a gap if not given.
        adapter: whether the adapter alone is there.
    """
    pages = room_of(result.task).pages
    inputs = inputs or {"text": pages.gap, **({"text_pair": GAP} if reads_pairs(recipe) else {})}
    if is_asked(recipe):
        return _command(result, recipe, inputs)
    call, asked = pages.call(result, recipe), _argument(inputs)
    named = f"{literal(model)}{', trust_remote_code=True' if own_code else ''}"
    if call.pipeline is None:
        settings = model if adapter or result.is_adapter else None
        return _direct(result, recipe, call, named=named, asked=asked, settings=settings)
    lines = call.lines.replace("{text}", asked)
    if adapter or result.is_adapter:
        return _adapted(result, model, call, lines=lines, in_bits=recipe.model.quantization is not None)
    return f"""from transformers import pipeline

{call.pipeline} = pipeline({literal(result.task.value)}, model={named})
{lines}"""


def auto_class(result: RunResult) -> str:
    """Return the name of the library's class that opens the model."""
    name: str = room_of(result.task).head.auto_class(result.family).__name__
    return name


def literal(text: str) -> str:
    """Write a text as Python does."""
    # What JSON writes is Python too.
    return json.dumps(text, ensure_ascii=False)


def draws(recipe: Recipe) -> bool:
    """Return whether the words of an answer are drawn at random."""
    return bool(recipe.evaluation.generation.get("do_sample"))


def brings_code(recipe: Recipe, model_config: Mapping[str, Any] | None) -> bool:
    """Return whether the model's folder brings its code: by its ``config.json``, or else by the recipe."""
    if model_config is None:
        return recipe.way is Method.SCRATCH
    return "auto_map" in model_config


def is_asked(recipe: Recipe) -> bool:
    """Return whether a pretrained model is asked as it is."""
    return recipe.way is Method.ZERO_SHOT


def reads_pairs(recipe: Recipe) -> bool:
    """Return whether an example is two texts."""
    return "text_pair" in recipe.data.columns


def _argument(inputs: Mapping[str, str]) -> str:
    if "text_pair" not in inputs:
        return literal(inputs["text"])
    return "{" + ", ".join(f"{literal(name)}: {literal(text)}" for name, text in inputs.items()) + "}"


def _direct(
    result: RunResult, recipe: Recipe, call: Call, *, named: str, asked: str, settings: str | None = None
) -> str:
    """Return the lines that ask a model without a pipeline.

    Args:
        result: of the run.
        recipe: of the run.
        call: of the task.
        named: the model as an argument of ``from_pretrained``.
        asked: the input as an expression of Python.
        settings: an adapter's repository or folder; the library would take its base model's generation settings.
    """
    opener, random = auto_class(result), draws(recipe)
    if settings and recipe.model.quantization is not None:
        return _DIRECT_IN_BITS.format(
            auto_class=opener,
            opening=_opening(result, settings, in_bits=True),
            model=literal(settings),
            settings=_SETTINGS.format(model=literal(settings)),
            seed=_SEED if random else "",
        ) + call.lines.replace("{text}", asked)
    head = "import torch\n" if "torch." in call.lines or random else ""
    seed = _SEED if random else ""
    imported = [opener, "AutoTokenizer", *(["GenerationConfig"] if settings else [])]
    own = _SETTINGS.format(model=literal(settings)) if settings else ""
    return f"""{head}from transformers import {", ".join(imported)}

tokenizer = AutoTokenizer.from_pretrained({named})
model = {opener}.from_pretrained({named})
{own}
{seed}{call.lines.replace("{text}", asked)}"""


def _adapted(result: RunResult, model: str, call: Call, *, lines: str, in_bits: bool) -> str:
    """Return the lines that ask an adapter on its base model by a pipeline."""
    return _ADAPTED.format(
        auto_class=auto_class(result),
        imported=_IN_BITS["imported"] if in_bits else "",
        opening=_opening(result, model, in_bits=in_bits),
        name=call.pipeline,
        task=result.task.value,
        model=literal(model),
        lines=lines,
    )


def _opening(result: RunResult, model: str, *, in_bits: bool) -> str:
    """Return the lines that open an adapter on its base model, in the bits that it was trained on."""
    base, revision = hub_model(result) or result.model, result.revision or "main"
    return _OPENING.format(
        auto_class=auto_class(result),
        model=literal(model),
        base=literal(base),
        revision=literal(revision),
        merged="" if result.is_adapter else ".merge_and_unload()",
        **(_IN_BITS if in_bits else dict.fromkeys(_IN_BITS, "")),
    )


def _command(result: RunResult, recipe: Recipe, inputs: Mapping[str, str]) -> str:
    """Return the command that asks the base model; it names the run where no option says what its recipe says."""
    asked = recipe.zero_shot
    renamed = any(label != word for label, word in asked.label_words.items())
    if "text_pair" in inputs:
        return "toolkit predict RUN pairs.csv"
    if not result.labels or renamed or asked.shots or any("," in label for label in result.labels):
        return f"toolkit predict RUN {shlex.quote(inputs['text'])}"
    options = {"--scorer": asked.scorer, "--calibration": asked.calibration}
    model = short_name(result.model) if is_full_path(result.model) else result.model
    parts = [model, inputs["text"], "--labels", ",".join(result.labels)]
    parts += [part for option, value in options.items() if value for part in (option, value)]
    parts += ["--language", "ko"] if asked.language == "ko" else []
    parts += [part for template in asked.templates or () for part in ("--template", template)]
    return " ".join(["toolkit", "zero-shot", *map(shlex.quote, parts)])
