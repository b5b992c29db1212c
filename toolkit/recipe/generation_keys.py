"""The section ``evaluation.generation``: the fields of the installed library's ``GenerationConfig``.

The library declares neither types nor defaults for them, so the types of the useful ones are listed here.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from toolkit.recipe.installed import generation_names
from toolkit.recipe.introspect import ranged
from toolkit.recipe.schema import Section
from toolkit.recipe.values import PositiveInt, as_whole

_COUNT = Annotated[int, Field(ge=0), BeforeValidator(as_whole)]
_STOPS = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
_SHARE = Annotated[float, Field(gt=0, le=1)]

KINDS: dict[str, tuple[Any, str]] = {
    "max_new_tokens": (PositiveInt, "Tokens of an answer at most."),
    "min_new_tokens": (_COUNT, "Tokens of an answer at least."),
    "stop_strings": (_STOPS, "The answer ends before the first of these texts that is in it."),
    "num_beams": (PositiveInt, "Answers that are followed at once; 1 takes the likeliest token each time."),
    "length_penalty": (float, "Above 0 favours longer answers among the beams (Wu et al. 2016)."),
    "early_stopping": (bool | Literal["never"], "Whether beams end as soon as there are enough whole answers."),
    "do_sample": (
        bool,
        "Draw tokens by their probability instead of taking the likeliest; a row's text depends on the seed and what "
        "is read, and on no other row.",
    ),
    "temperature": (ranged(above=0), "Below 1 draws likely tokens more often, above 1 less often."),
    "top_k": (_COUNT, "Draw among the likeliest k tokens; 0 is all, null is 50."),
    "top_p": (_SHARE, "Draw among the likeliest tokens that have this probability together (Holtzman et al. 2020)."),
    "min_p": (_SHARE, "Draw among tokens of at least this share of the likeliest one's probability."),
    "typical_p": (_SHARE, "Draw among tokens of typical surprise (Meister et al. 2023)."),
    "repetition_penalty": (ranged(above=0), "Above 1 makes tokens that were there before less likely."),
    "no_repeat_ngram_size": (_COUNT, "Sequences of this many tokens come once only; 0 is no limit."),
    "renormalize_logits": (bool, "Make probabilities sum to 1 again after all of these."),
}
"""The type and the description of each key."""

_NEW_TOKENS = "it counts the prompt too; write {} instead"
_BY_TOKENIZER = "the tokenizer settles it"

REFUSED: dict[str, str] = {
    "max_length": _NEW_TOKENS.format("max_new_tokens"),
    "min_length": _NEW_TOKENS.format("min_new_tokens"),
    "num_return_sequences": "each row has one answer",
    "pad_token_id": _BY_TOKENIZER,
    "bos_token_id": _BY_TOKENIZER,
    "eos_token_id": _BY_TOKENIZER,
    "decoder_start_token_id": _BY_TOKENIZER,
    "seed": "write seed at the top level of the recipe",
}
"""Keys that people look for in ``evaluation.generation``, and what to write instead."""


@cache
def generation_section() -> type[Section]:
    """Return the class that checks ``evaluation.generation``, with the keys that the installed library has."""
    known = generation_names()
    fields: dict[str, Any] = {
        name: (kind | None, Field(default=None, description=description))
        for name, (kind, description) in KINDS.items()
        if name in known
    }
    return create_model(
        "Generation", __base__=Section, __doc__="How answers are generated (transformers.GenerationConfig).", **fields
    )


def generation_hint(key: str) -> str | None:
    """Return what to write instead of a key that ``evaluation.generation`` does not have; None for an unknown key."""
    return REFUSED.get(key)
