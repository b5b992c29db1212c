"""Languages of models for several: how they are spelt, what has to be named, and what the tokenizer makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from real_tokenizers import TOKENIZERS
from transformers import AutoTokenizer
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as M2M100
from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES as MBART50
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as NLLB
from transformers.models.plbart.tokenization_plbart import FAIRSEQ_LANGUAGE_CODES as PLBART
from writing_models import CODES, ENCODER_DECODERS, LANGUAGES, recipe_for, write_pairs, writing_model

from toolkit.adapters import OpenedModel
from toolkit.adapters.languages import code_of, settle_languages
from toolkit.adapters.layouts import prompt_of
from toolkit.data.encode import encode_pairs
from toolkit.errors import RecipeError
from toolkit.names import Family
from toolkit.tasks import room_of

PAIR = {"source": "source", "target": "target"}
SPELT = {
    "nllb": (
        NLLB,
        {"en": "eng_Latn", "ENG": "eng_Latn", "eng-latn": "eng_Latn", "ko_KR": "kor_Hang", "ar": "arb_Arab"},
    ),
    # whose codes begin with the two letters of other languages: Estonian, Malagasy, Javanese, Oromo
    "nllb, not by letters": (NLLB, {"es": "spa_Latn", "pl": "pol_Latn", "ja": "jpn_Jpan", "ga": "gle_Latn"}),
    "mbart-50": (MBART50, {"en": "en_XX", "eng_Latn": "en_XX", "kor": "ko_KR", "zh": "zh_CN", "de_DE": "de_DE"}),
    "m2m_100": (M2M100["m2m100"], {"en": "en", "eng": "en", "__en__": "en", "swe": "sv", "ko_KR": "ko"}),
    "plbart": (PLBART["multi"], {"java": "__java__", "en": "__en_XX__", "__php__": "__php__"}),
}
REFUSED = [
    (NLLB, "zh", r"'zh' may be 2 languages of the model; allowed: zho_Hans, zho_Hant"),
    (NLLB, "fa", r"may be 2 languages of the model; allowed: pes_Arab, prs_Arab"),
    (NLLB, "xeng_Latn", r"is none of the 202 languages of the model; did you mean 'eng_Latn'\?; codes of ISO 639"),
    (NLLB, "srp_Latn", r"is none of the 202 languages"),  # Serbian in the other script
    (MBART50, "English", r"is none of the 52 languages of the model; allowed: ar_AR, .* …; codes of ISO 639"),
    (M2M100["m2m100"], "한국어", "is none of the 100 languages"),
    (M2M100["m2m100"], "Swedish", "is none of the 100 languages"),  # and not Swahili
    (PLBART["multi"], "", "is none of the 7 languages"),
]


def opened(name: str, folder: Path, task: str = "translation", **data: Any) -> OpenedModel:
    model, rows = writing_model(name, folder / "body"), write_pairs(folder)
    recipe = recipe_for(task, model, rows, PAIR, data=data)
    room = room_of(recipe.task)
    return room.open_for_training(recipe, room.prepare(recipe), tokenizer_folder=folder)


@pytest.mark.parametrize("codes", SPELT)
def test_a_language_is_what_the_standards_say(codes: str) -> None:
    known, expected = SPELT[codes]
    assert {wanted: code_of(known, wanted) for wanted in expected} == expected
    assert [code_of(known, code) for code in known] == list(known)


@pytest.mark.parametrize(("codes", "wanted", "told"), REFUSED)
def test_what_is_none_or_several_is_refused(codes: list[str], wanted: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        code_of(codes, wanted)


@pytest.mark.parametrize("name", CODES)
def test_rows_are_encoded_as_the_library_s_class_does_it(name: str, tmp_path: Path) -> None:
    model = opened(name, tmp_path, **LANGUAGES[name])
    source, target = CODES[name]
    fresh = AutoTokenizer.from_pretrained(tmp_path / "body", src_lang=source, tgt_lang=target)
    model.tokenizer.save_pretrained(tmp_path / "saved")
    texts = {"source": ["the film is good", "x" * 90], "target": ["그 영화 는 좋다", "bad " * 50]}
    plain = fresh(texts["source"], text_target=texts["target"], truncation=True, max_length=40)
    for tokenizer in (model.tokenizer, AutoTokenizer.from_pretrained(tmp_path / "saved")):
        rows = encode_pairs(Dataset.from_dict(texts), tokenizer, max_length=40)
        assert list(rows["input_ids"]) == plain["input_ids"]
        assert list(rows["labels"]) == plain["labels"]
        token = fresh.convert_tokens_to_ids({"m2m_100": "__ko__", "plbart": "__en_XX__"}.get(name, target))
        assert [row.count(token) for row in rows["labels"]] == [1, 1]
    wraps = name in ("mbart", "plbart")
    settings: Any = model.model.generation_config
    assert settings.decoder_start_token_id == (token if wraps else fresh.eos_token_id)
    assert settings.forced_bos_token_id == (None if wraps else token)


@pytest.mark.parametrize("name", CODES)
def test_languages_that_are_not_named_are_asked_for_at_once(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as refused:
        opened(name, tmp_path)
    lines = [str(fault) for fault in refused.value.faults]
    assert [line.split(": ")[0] for line in lines] == ["data.source_language", "data.target_language"]
    assert all("languages; name one of them: " in line for line in lines)
    with pytest.raises(RecipeError, match=r"^data\.source_language: the model has"):
        opened(name, tmp_path / "other", target_language="en")  # English by default is nobody's choice


def test_languages_of_an_earlier_training_stay(tmp_path: Path) -> None:
    model = opened("nllb", tmp_path, source_language="de", target_language="ko")
    settle_languages(model, None, "fr")
    assert (model.tokenizer.init_kwargs["src_lang"], model.tokenizer.init_kwargs["tgt_lang"]) == (
        "deu_Latn",
        "fra_Latn",
    )


def test_one_language_may_be_both(tmp_path: Path) -> None:
    model = opened("mbart-50", tmp_path, "summarization", source_language="ko", target_language="ko")
    texts = [model.tokenizer("좋다")["input_ids"], model.tokenizer(text_target="좋다")["input_ids"]]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(("name", "token"), [("marian-to-many", ">>{}<<"), ("madlad", "<2{}>")])
def test_a_language_in_the_source_is_part_of_the_prompt(name: str, token: str, tmp_path: Path) -> None:
    first, second = ("deu", "kor") if name == "marian-to-many" else ("de", "ko")
    model = opened(name, tmp_path, target_language="de", prompt="the film : {source}")
    assert prompt_of(model.tokenizer) == f"{token.format(first)} the film : {{source}}"
    settle_languages(model, None, None)
    settle_languages(model, None, "ko")
    assert prompt_of(model.tokenizer) == f"{token.format(second)} the film : {{source}}"
    ids = model.tokenizer(f"{token.format(second)} good", split_special_tokens=True)["input_ids"]
    assert model.tokenizer.convert_ids_to_tokens(ids)[0] == token.format(second)
    assert model.tokenizer.unk_token_id not in ids
    with pytest.raises(RecipeError, match="source_language: the tokenizer has no languages to read; take it out: the"):
        settle_languages(model, "en", None)
    with pytest.raises(RecipeError, match="target_language: the model has 3 languages; name one of them"):
        opened(name, tmp_path / "other")
    written = opened(name, tmp_path / "third", prompt=f"{token.format(second)} {{source}}")
    assert prompt_of(written.tokenizer) == f"{token.format(second)} {{source}}"


@pytest.mark.parametrize("name", [name for name in ENCODER_DECODERS if name not in LANGUAGES])
def test_a_model_without_languages_takes_none(name: str, tmp_path: Path) -> None:
    model = opened(name, tmp_path)
    for source, target, key in (("en", None, "source"), (None, "ko", "target")):
        with pytest.raises(
            RecipeError, match=f"data.{key}_language: the tokenizer has no languages to .*; take it out"
        ):
            settle_languages(model, source, target)


def test_a_decoder_takes_none(tmp_path: Path) -> None:
    for key in ("source_language", "target_language"):
        with pytest.raises(RecipeError, match=rf"data.{key}: .* is a decoder; .* name the language in data.prompt"):
            opened("llama", tmp_path / key, **{key: "en"})


def test_a_word_that_the_tokenizer_does_not_know_is_no_forced_token(tmp_path: Path) -> None:
    """A vocabulary without the letter a: a target begins with the unknown token, and not by the tokenizer's will."""
    tokenizer = TOKENIZERS["t5"](tmp_path)
    pieces = [piece for piece in tokenizer._vocab_scores if "a" not in piece[0] or piece[0] == "<pad>"]
    model = opened("t5", tmp_path)
    assert model.family is Family.ENCODER_DECODER
    type(tokenizer)(vocab=pieces, extra_ids=2).save_pretrained(tmp_path / "body")
    recipe = recipe_for("translation", tmp_path / "body", tmp_path / "pairs.jsonl", PAIR)
    room = room_of(recipe.task)
    again: Any = room.open_for_training(recipe, room.prepare(recipe), tokenizer_folder=tmp_path)
    assert again.tokenizer(text_target="a")["input_ids"][:-1] == [*again.tokenizer("▁")["input_ids"][:-1], 2]
    assert again.model.generation_config.forced_bos_token_id is None
