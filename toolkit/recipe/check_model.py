"""The rules of the model, and of the sections for a model that begins at random."""

from __future__ import annotations

from toolkit.errors import explain
from toolkit.names import Family, Method
from toolkit.recipe.config_keys import completed_config, idle_preset, least_parameters, names_pairs
from toolkit.recipe.installed import own_config_fault
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import PAIR, Recipe, TokenizerSection

_SCRATCH = "method: scratch"

MOST_PARAMETERS = 10**11
"""Parameters of a model that one machine can hold at all: 400 GB as float32."""

MOST_TOKENS = 10_000_000
"""Tokens of a vocabulary; the largest of published models have a million."""


@rule("model")
def _one_way_to_name_the_model(recipe: Recipe) -> Broken:
    model = recipe.model
    if model.name is not None and model.config is not None:
        fix = "take one of them out (an override takes it out with =null)"
        yield "model.config", f"both name and config are given; {fix}"
    if model.name is None and model.config is None:
        fix = f"write name (a pretrained model) or config (our own Transformer, for {_SCRATCH})"
        yield "model", f"neither name nor config is given; {fix}"


@rule("method", "model")
def _scratch_has_a_config(recipe: Recipe) -> Broken:
    name, config = recipe.model.name, recipe.model.config
    if recipe.way is Method.SCRATCH and name is not None and config is None:
        fix = "write model.config, such as {preset: small}, instead of model.name"
        yield "method", f"scratch trains our own Transformer from a random start; {fix}"
    if recipe.way is not Method.SCRATCH and name is None and config is not None:
        yield (
            "method",
            f"{recipe.method} goes on from a pretrained model, and model.config begins at random; "
            f"write {_SCRATCH}, or model.name instead of model.config",
        )


@rule("method", "tokenizer")
def _tokenizer_needs_scratch(recipe: Recipe) -> Broken:
    if recipe.tokenizer is not None and recipe.way is not Method.SCRATCH:
        found = f"the method {recipe.method} takes the tokenizer of its pretrained model"
        yield "tokenizer", f"{found}; take the section out, or write {_SCRATCH} and model.config"


@rule("task", "method", "model.config")
def _architecture_of_the_task(recipe: Recipe) -> Broken:
    if recipe.way is not Method.SCRATCH or recipe.model.config is None:
        return
    found = Family(recipe.model.config["architecture"])
    families = recipe.spec.families
    if families and found not in families:
        message = explain(f"{recipe.task} has no use for {found} alone", allowed=families)
        yield "model.config.architecture", message


@rule("task", "data", "model.config")
def _architecture_of_the_columns(recipe: Recipe) -> Broken:
    if len(recipe.spec.columns) == 1 or PAIR not in recipe.spec.columns or recipe.model.config is None:
        return
    found = Family(recipe.model.config["architecture"])
    if found is Family.DECODER and names_pairs(recipe):
        fix = "take architecture out, or name the column text"
        yield "model.config.architecture", f"a decoder reads one text, and data names {' and '.join(PAIR)}; {fix}"
    if found is Family.ENCODER_DECODER and "text" in recipe.data.columns and not names_pairs(recipe):
        fix = "take architecture out, or name these columns"
        yield "model.config.architecture", f"an encoder-decoder reads {' and '.join(PAIR)}, and data names text; {fix}"


@rule("model.config")
def _config_can_be_built(recipe: Recipe) -> Broken:
    written = recipe.model.config
    if written is None:
        return
    if idle_preset(written):
        fix = "take it out, or those of them that shall be the preset's"
        yield "model.config.preset", f"{written['preset']} changes nothing, as all of its values stand beside it; {fix}"
    fault = own_config_fault(completed_config(written))
    if fault is not None:
        yield "model.config", fault


@rule("model.config", "tokenizer")
def _size_can_be_held(recipe: Recipe) -> Broken:
    vocab_size = (recipe.tokenizer or TokenizerSection()).vocab_size
    if vocab_size > MOST_TOKENS:
        found = f"{vocab_size:,} tokens, and texts give {MOST_TOKENS:,} at most"
        yield "tokenizer.vocab_size", f"{found}; 8000 to 100000 are usual"
    elif recipe.model.config is not None:
        size = least_parameters(completed_config(recipe.model.config), vocab_size=vocab_size)
        if size > MOST_PARAMETERS:
            found = f"these sizes make a model of about {size:.1e} parameters, which take {4 * size / 1e9:,.0f} GB"
            fix = "lower hidden_size, intermediate_size, the layers, or max_position_embeddings"
            yield "model.config", f"{found}; at most {MOST_PARAMETERS:.0e} are built; {fix}"


@rule("model.config", "data.max_length")
def _length_fits_the_positions(recipe: Recipe) -> Broken:
    length = recipe.data.max_length
    if recipe.model.config is None or length is None:
        return
    values = completed_config(recipe.model.config)
    positions = values["max_position_embeddings"]
    if values["position"] == "learned" and length > positions:
        yield (
            "data.max_length",
            f"{length:,} tokens are more than the {positions:,} learned positions of the model; "
            "lower it, or raise model.config.max_position_embeddings",
        )
