"""Texts end before a stop string: in batches and alone, here and with the plain library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from test_generate import TEXTS, _opened
from transformers import AutoTokenizer, GenerationConfig

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference import generate
from toolkit.evaluation.inference.ends import Ends
from toolkit.evaluation.inference.generate import write_texts
from toolkit.names import Task

KINDS = {"decoder": (Task.TEXT_GENERATION, "text"), "encoder-decoder": (Task.TRANSLATION, "source")}


def _rows(column: str, texts: Sequence[str]) -> Dataset:
    return Dataset.from_dict({"id": list(range(len(texts))), column: list(texts)})


def _before(text: str, stops: Sequence[str]) -> str:
    for stop in stops:
        text = text.split(stop)[0]
    return text


def _plain(opened: OpenedModel, text: str) -> str:
    """What the library alone writes, without a batch; it keeps the stop."""
    plain = opened.tokenizer(text, add_special_tokens=False)["input_ids"]
    if opened.family == "decoder":
        ids = torch.tensor([[opened.tokenizer.bos_token_id, *plain]])
        written = opened.model.generate(ids, attention_mask=torch.ones_like(ids), tokenizer=opened.tokenizer)
        return opened.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
    given = opened.tokenizer(text, return_tensors="pt")
    return opened.tokenizer.decode(
        opened.model.generate(**given, tokenizer=opened.tokenizer)[0], skip_special_tokens=True
    )


def _opened_with_words(architecture: str, **generation: object) -> OpenedModel:
    """A model that writes nothing but whole characters, no token of them twice."""
    opened = _opened(KINDS[architecture][0], architecture, no_repeat_ngram_size=1, max_new_tokens=12, **generation)
    tokens = {number: opened.tokenizer.decode([number]) for number in range(len(opened.tokenizer))}
    broken = [number for number, text in tokens.items() if "\ufffd" in text or not text.isprintable()]
    opened.model.generation_config.suppress_tokens = broken
    return opened


@pytest.mark.parametrize("architecture", KINDS)
@pytest.mark.parametrize("settings", [{}, {"num_beams": 3}, {"do_sample": True, "top_k": 0}], ids=["1", "3", "drawn"])
def test_texts_end_before_a_stop(
    architecture: str, settings: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    column = KINDS[architecture][1]
    free = _opened_with_words(architecture, **settings)
    whole = write_texts(free, _rows(column, TEXTS))[0].predictions
    # Across tokens, and inside of one; rows of a batch end at different ones.
    stops = [next(text[at : at + 3] for text in whole for at in range(3, len(text) - 5)), whole[-1][6:8]]
    expected = [_before(text, stops) for text in whole]
    stopped = [text != full for text, full in zip(expected, whole, strict=True)]
    assert sum(stopped) >= 2
    assert any(expected[row] for row in range(len(TEXTS)) if stopped[row])
    opened = _opened_with_words(architecture, **settings, stop_strings=stops)
    together, cut = write_texts(opened, _rows(column, TEXTS))
    alone = [write_texts(opened, _rows(column, [text]))[0].predictions[0] for text in TEXTS]
    monkeypatch.setattr(generate, "ROWS_AT_ONCE", 2)
    assert write_texts(opened, _rows(column, TEXTS[::-1]))[0].predictions[::-1] == alone == together.predictions
    if "num_beams" not in settings:  # where a beam ends, others take its place
        assert alone == expected
        assert not any(was_cut and ended for was_cut, ended in zip(cut, stopped, strict=True))
    if "do_sample" not in settings:
        assert [_before(_plain(opened, text), stops) for text in TEXTS] == alone
    opened.model.save_pretrained(tmp_path)
    assert GenerationConfig.from_pretrained(tmp_path).stop_strings == stops


def test_the_tokens_of_a_row_go_as_far_as_its_end(tiny_bert: Path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    ids = tokenizer("a film, they say. not bad", add_special_tokens=False)["input_ids"]
    end, pad = tokenizer.sep_token_id, tokenizer.pad_token_id
    ends = Ends(tokenizer, frozenset({end}), ("say.", "they"), pad)
    assert ends.cut([*ids, end, pad, pad]) == ids[: ids.index(tokenizer.convert_tokens_to_ids("they")) + 1]
    assert ends.text([*ids, end]).strip() == "a film,"
    assert ends.is_ended(ids)
    never = Ends(tokenizer, frozenset({end}), ("never said",), pad)
    assert never.cut([*ids, pad, pad]) == ids  # the library has stopped at what was read
    assert never.cut([*ids, end, pad]) == [*ids, end]
    assert not never.is_ended(ids)
    assert never.is_ended([*ids, end])
