"""Which languages a model for several of them reads and writes.

Models of the mBART, M2M100 and NLLB kind have a token a language, which their tokenizer puts into sources and targets;
the tokenizer keeps both languages. Marian's models with several targets (Tiedemann and Thottingal 2020,
https://aclanthology.org/2020.eamt-1.61/) and MADLAD (Kudugunta et al. 2023, https://arxiv.org/abs/2309.04662) read the
language to write into at the beginning of a source, so it becomes part of the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from langcodes import Language, standardize_tag
from transformers import PreTrainedTokenizerBase

from toolkit.adapters.layouts import PROMPT
from toolkit.adapters.opened import OpenedModel
from toolkit.errors import Fault, RecipeError, explain
from toolkit.names import Family

SOURCE, TARGET = "data.source_language", "data.target_language"
_SETTINGS = {SOURCE: "src_lang", TARGET: "tgt_lang"}

_CODE = re.compile(r"[a-z]{2,3}_[A-Za-z]{2,4}|__\w+__")
"""A language as the tokenizers of mBART, NLLB and PLBart write it: ``de_DE``, ``deu_Latn``, ``__python__``."""

_IN_SOURCE = re.compile(r">>([^<>\s]+)<<|<2([^<>\s]+)>")
"""A language to write into as a token of the source: ``>>fra<<`` of Marian, ``<2fr>`` of MADLAD."""


def settle_languages(opened: OpenedModel, source: str | None, target: str | None) -> None:
    """Tell a model for several languages which ones it reads and writes; languages of an earlier training stay.

    Args:
        opened: its tokenizer is changed, with what is kept of it.
        source, target: codes of the tokenizer, such as ``deu_Latn``, or of ISO 639, such as ``de``, where only one of
            the tokenizer's codes is of this language.

    Raises:
        RecipeError: a language that the model does not have, or that has to be named.
    """
    tokenizer: Any = opened.tokenizer
    wanted = {SOURCE: source, TARGET: target}
    if (codes := _codes(tokenizer)) is not None:
        found = _chosen({where: (codes, wanted[where] or _kept(tokenizer, where)) for where in wanted})
        for where, code in found.items():
            setattr(tokenizer, _SETTINGS[where], code)
            tokenizer.init_kwargs[_SETTINGS[where]] = code  # what is saved
        return
    tokens = _tokens_in_sources(tokenizer) if opened.family is Family.ENCODER_DECODER else {}
    if source is not None:
        fix = "take it out: the model itself sees what it reads" if tokens else "take it out"
        raise RecipeError(explain("the tokenizer has no languages to read", fix=fix), where=SOURCE)
    if not tokens and target is not None:
        raise RecipeError(explain("the tokenizer has no languages to write", fix="take it out"), where=TARGET)
    if tokens:
        kept = tokenizer.init_kwargs.get(PROMPT) or "{source}"
        named = _IN_SOURCE.match(kept)
        if named is None or target is not None:
            token = tokens[_chosen({TARGET: (tokens, target)})[TARGET]]
            rest = kept if named is None else kept[named.end() :].lstrip()
            tokenizer.init_kwargs[PROMPT] = f"{token} {rest}"


def code_of(codes: Iterable[str], wanted: str) -> str:
    """Return the code of a language.

    Args:
        codes: of a tokenizer.
        wanted: such a code in any case, without underscores around it and with a hyphen for one inside; or a code of
            ISO 639, of two or three letters.

    Raises:
        RecipeError: no code, or several, are of this language; with those that are near.
    """
    codes = list(codes)
    tests = (_plain, lambda code: _plain(code).split("_")[0])
    same = [[code for code in codes if test(code) == _plain(wanted)] for test in tests]
    alike = next(filter(None, [*same, [code for code in codes if _is_language(code, wanted)]]), [])
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise RecipeError(explain(f"{wanted!r} may be {len(alike)} languages of the model", allowed=alike))
    found = f"{wanted!r} is none of the {len(codes)} languages of the model"
    raise RecipeError(explain(found, allowed=codes, name=wanted, fix="codes of ISO 639, such as en, will do"))


def _chosen(choices: Mapping[str, tuple[Iterable[str], str | None]]) -> dict[str, str]:
    """Return the code of each language that is wanted, by its key of a recipe.

    Raises:
        RecipeError: with all faults.
    """
    found, faults = {}, []
    for where, (codes, wanted) in choices.items():
        if wanted is None:
            some = ", ".join(list(codes)[:3])
            faults.append(Fault(f"the model has {len(list(codes))} languages; name one of them: {some} …", where))
            continue
        try:
            found[where] = code_of(codes, wanted)
        except RecipeError as error:
            faults += [Fault(fault.message, where) for fault in error.faults]
    if faults:
        raise RecipeError(*faults)
    return found


def _codes(tokenizer: Any) -> list[str] | None:
    """Return the codes of the languages that a tokenizer keeps; None: it keeps none."""
    if not hasattr(tokenizer, "src_lang"):
        return None
    by_token = getattr(tokenizer, "lang_code_to_token", None)
    return list(by_token or filter(_CODE.fullmatch, tokenizer.all_special_tokens)) or None


def _kept(tokenizer: PreTrainedTokenizerBase, where: str) -> str | None:
    """Return the language that the tokenizer's files name; None unless they name both.

    Without a target nobody has chosen the source: the library writes English there by itself.
    """
    kept = {key: tokenizer.init_kwargs.get(name) for key, name in _SETTINGS.items()}
    return kept[where] if all(isinstance(code, str) for code in kept.values()) else None


def _tokens_in_sources(tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """Return the tokens that stand for a language to write into at the beginning of a source, by its code.

    A model with one such token has one language, so that nothing is to be named.
    """
    spelt = {token: _IN_SOURCE.fullmatch(token) for token in tokenizer.get_vocab()}
    codes = {found[1] or found[2]: token for token, found in spelt.items() if found}
    return codes if len(codes) > 1 else {}


def _plain(code: str) -> str:
    return code.strip("_").replace("-", "_").lower()


def _is_language(code: str, wanted: str) -> bool:
    """Return whether two codes are of one language, as the standards see it, and not of two scripts.

    A form of a language is that language, as Swahili of the coast is Swahili.
    """
    found, asked = _language(code), _language(wanted)
    if found is None or asked is None or found.language != asked.language:
        return False
    return found.script == asked.script or None in (found.script, asked.script)


def _language(code: str) -> Language | None:
    try:
        return Language.get(standardize_tag(_plain(code), macro=True))
    except ValueError:  # which langcodes raises for what is no code
        return None
