"""The likelihood of labels after a text: equal to the model run once for each label, whatever the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    OPTConfig,
    OPTForCausalLM,
)
from zero_shot_models import LABELS, TEXTS, save

from toolkit.adapters import LocatedModel, OpenedModel, open_for_scoring
from toolkit.adapters.scratch import open_from_scratch
from toolkit.data.vocabulary import train_tokenizer
from toolkit.errors import RecipeError
from toolkit.evaluation.zero_shot import decoder_scores
from toolkit.evaluation.zero_shot.calibration import CONTENT_FREE
from toolkit.evaluation.zero_shot.likelihood import Asker, label_evidence
from toolkit.evaluation.zero_shot.prompts import Prompt
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.names import Task
from toolkit.progress import progress_bar
from toolkit.tasks import room_of

TOLERANCE = 1e-4
TEMPLATE = Template("Review: {text}\nIt was {label}.")
ROWS = [{"text": text} for text in TEXTS]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, sentences: list[tuple[str, str]]) -> dict[str, OpenedModel]:
    texts = [text for text, _ in sentences[:200]]
    models = {}
    for kind in ("gpt2", "llama", "t5"):
        folder = save(kind, tmp_path_factory.mktemp(kind) / "model", texts)
        models[kind] = open_for_scoring(LocatedModel(kind, folder), head="language")
    for architecture in ("decoder", "encoder-decoder"):
        torch.manual_seed(4)
        task = Task.TEXT_GENERATION if architecture == "decoder" else Task.TRANSLATION
        settings = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64, "initializer_range": 0.3}
        layers = {"encoder_layers": 2, "decoder_layers": 2, "architecture": architecture, "position": "rotary"}
        tokenizer = train_tokenizer(texts, kind="bpe", vocab_size=400, max_length=128)
        models[f"own {architecture}"] = open_from_scratch(settings | layers, tokenizer, head=room_of(task).head)
    return models


def asker(opened: OpenedModel, **changes: Any) -> Asker:
    return Asker(**{"opened": opened, "template": TEMPLATE, "words": LABELS, **changes})


def one_by_one(asked: Asker, before: str) -> list[float]:
    """The same from the whole sequence of prompt and answer, unpadded, once for each label."""
    prompt, model = asked.prompt(before), asked.opened.model
    scores = []
    for answer in prompt.answers:
        with torch.no_grad():
            if asked.is_decoder:
                logits = model(input_ids=torch.tensor([prompt.ids + answer])).logits[0, len(prompt.ids) - 1 : -1]
            else:
                logits = model(input_ids=torch.tensor([prompt.ids]), labels=torch.tensor([answer])).logits[0]
        scores.append(float(logits.log_softmax(-1)[range(len(answer)), answer].sum()))
    return scores


VOCABULARY = 60
SIZE = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_attention_heads": 4, "initializer_range": 0.3}
OTHERS: dict[str, Callable[[], Any]] = {
    "sliding window": lambda: MistralForCausalLM(
        MistralConfig(**SIZE, num_hidden_layers=2, intermediate_size=64, num_key_value_heads=2, sliding_window=8)
    ),
    "linear biases": lambda: BloomForCausalLM(
        BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4, initializer_range=0.3)
    ),
    "positions by mask": lambda: OPTForCausalLM(
        OPTConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            word_embed_proj_dim=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            ffn_dim=64,
            init_std=0.3,
        )
    ),
}
KINDS = ("gpt2", "llama", "t5", "own decoder", "own encoder-decoder")


@pytest.mark.parametrize("kind", KINDS)
def test_equal_to_the_model_run_for_each_label(opened: dict[str, OpenedModel], kind: str):
    asked = asker(opened[kind])
    evidence, n_cut = label_evidence(asked, ROWS)
    expected = [one_by_one(asked, asked.before(row)) for row in ROWS]
    assert n_cut == 0
    np.testing.assert_allclose(evidence.of_texts, expected, atol=TOLERANCE)
    np.testing.assert_allclose(evidence.of_ending, [one_by_one(asked, "It was ")], atol=TOLERANCE)
    nothing = [one_by_one(asked, f"Review: {word}\nIt was ") for word in CONTENT_FREE]
    np.testing.assert_allclose(evidence.of_nothing, nothing, atol=TOLERANCE)
    assert len(set(evidence.of_texts.argmax(axis=1))) > 1 or np.ptp(evidence.of_texts[:, 0]) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_batch_of_one_is_batch_of_many(opened: dict[str, OpenedModel], kind: str):
    asked = asker(opened[kind])
    together, _ = label_evidence(asked, ROWS)
    alone = [label_evidence(asked, [row])[0].of_texts[0] for row in ROWS]
    np.testing.assert_allclose(together.of_texts, alone, atol=TOLERANCE)


def test_labels_in_chunks_are_labels_at_once(opened: dict[str, OpenedModel], monkeypatch: pytest.MonkeyPatch):
    asked = asker(opened["llama"])
    together, _ = label_evidence(asked, ROWS)
    monkeypatch.setattr(decoder_scores, "EXPANDED_TOKENS", 1)
    apart, _ = label_evidence(asked, ROWS)
    np.testing.assert_allclose(together.of_texts, apart.of_texts, atol=TOLERANCE)


@pytest.mark.parametrize("template", ["Review: {text}\nIt was {label}", "{text}:{label}!", "{text}{label}", "{label}"])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "own decoder"])
def test_tokens_of_prompt_and_label_are_those_of_the_whole(opened: dict[str, OpenedModel], kind: str, template: str):
    asked = asker(opened[kind], template=Template(template))
    tokenizer = opened[kind].tokenizer
    settings = {"add_special_tokens": False, "split_special_tokens": True}
    for row in ROWS:
        prompt = asked.prompt(asked.before(row))
        for word, answer in zip(LABELS, prompt.answers, strict=True):
            whole = tokenizer(asked.template.fill(row, word), **settings)["input_ids"]
            ids = prompt.ids + answer
            assert answer
            assert ids[len(ids) - len(whole) :] == whole
            assert len(ids) - len(whole) <= 1  # <s>


@pytest.mark.parametrize("kind", OTHERS)
def test_windows_biases_and_learned_positions_are_as_in_the_whole_sequence(kind: str):
    torch.manual_seed(5)
    model = OTHERS[kind]().eval()
    generator = torch.Generator().manual_seed(6)

    def ids(n_tokens: int) -> list[int]:
        return torch.randint(3, VOCABULARY, (n_tokens,), generator=generator).tolist()

    prompts = [Prompt(ids(length), [ids(1), ids(3), ids(5)]) for length in (3, 11, 20, 7)]
    with progress_bar("", len(prompts)) as bar:
        scores = decoder_scores.decoder_scores(model, prompts, bar=bar)
    for prompt, found in zip(prompts, scores, strict=True):
        for answer, score in zip(prompt.answers, found, strict=True):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([prompt.ids + answer]), use_cache=False).logits[0]
            logits = logits[len(prompt.ids) - 1 : -1].log_softmax(-1)
            assert score == pytest.approx(float(logits[range(len(answer)), answer].sum()), abs=TOLERANCE)


def test_label_of_one_token_needs_no_second_pass(opened: dict[str, OpenedModel]):
    model = opened["llama"]
    prompts = [Prompt([1, 5, 6, 7], [[8], [9]]), Prompt([1, 5], [[8], [9]])]
    passes: list[Any] = []
    hook = model.model.register_forward_pre_hook(lambda *given: passes.append(given))
    with progress_bar("", 2) as bar:
        scores = decoder_scores.decoder_scores(model.model, prompts, bar=bar)
    hook.remove()
    assert len(passes) == 1
    with torch.no_grad():
        logits = model.model(input_ids=torch.tensor([[1, 5]])).logits[0, -1].log_softmax(-1)
    np.testing.assert_allclose(scores[1], logits[[8, 9]], atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_long_text_is_cut_and_the_template_stays(opened: dict[str, OpenedModel], kind: str):
    asked = asker(opened[kind])
    rows = [{"text": "a long and winding story " * 300}, {"text": "short"}]
    kept = asked.fit(rows[0])
    assert rows[0]["text"].startswith(kept["text"])
    longest = opened[kind].max_length
    assert longest - 2 <= asked.size(kept) <= longest
    assert asked.before(kept).endswith("\nIt was ")
    evidence, n_cut = label_evidence(asked, rows)
    assert n_cut == 1
    np.testing.assert_allclose(evidence.of_texts[0], one_by_one(asked, asked.before(kept)), atol=TOLERANCE)


def test_of_a_pair_the_longer_text_is_cut_first(opened: dict[str, OpenedModel]):
    asked = asker(opened["gpt2"], template=Template("{text} and {text_pair}: {label}"))
    kept = asked.fit({"text": "short", "text_pair": "long " * 200})
    assert kept["text"] == "short"
    assert 0 < len(kept["text_pair"]) < 1000
    both = asked.fit({"text": "longer " * 200, "text_pair": "long " * 150})
    assert asked.size(both) <= 128


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"template": Template("long " * 100 + "{text} {label}")}, "the template has .* tokens without a text.* 128"),
        ({"examples": "long " * 100}, "the template with its examples has .*fewer or shorter"),
        ({"words": ("short", "long " * 100)}, "the template has .* tokens"),
    ],
)
def test_template_that_does_not_fit_is_refused(opened: dict[str, OpenedModel], changes: dict[str, Any], words: str):
    with pytest.raises(RecipeError, match=words):
        label_evidence(asker(opened["gpt2"], **changes), ROWS)


def test_examples_come_first(opened: dict[str, OpenedModel]):
    asked = asker(opened["llama"], examples="Review: good\nIt was positive.\n\n")
    evidence, _ = label_evidence(asked, ROWS[:1])
    before = "Review: good\nIt was positive.\n\nReview: a moving and funny film\nIt was "
    np.testing.assert_allclose(evidence.of_texts, [one_by_one(asked, before)], atol=TOLERANCE)
