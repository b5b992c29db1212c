"""A packed row gives what a padded batch gives: outputs, loss and gradients, through our path and through flash's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from tiny import ARCHITECTURES, POSITIONS, assert_same, gradients, padded, random_sequences, tiny_model
from torch import Tensor, nn
from transformers import AttentionInterface

from toolkit.transformer import attention as attention_file
from toolkit.transformer.packing import PackedSide

LENGTHS, TARGET_LENGTHS = [5, 1, 7, 3], [2, 6, 1, 4]
FAKE_FLASH = "flash_by_hand"


def ends(sequences: list[Tensor]) -> Tensor:
    lengths = torch.tensor([0, *map(len, sequences)])
    return lengths.cumsum(0).to(torch.int32)


def packed_row(sequences: list[Tensor], targets: list[Tensor] | None = None) -> dict[str, Any]:
    """What the library's flash attention reads, from the sources and, where there are two rows, the targets."""
    queries = sequences if targets is None else targets
    return {
        "input_ids": torch.cat(sequences)[None],
        "cu_seq_lens_k": ends(sequences),
        "cu_seq_lens_q": ends(queries),
        "max_length_k": max(map(len, sequences)),
        "max_length_q": max(map(len, queries)),
    }


def both_forms(architecture: str, sequences: list[Tensor], targets: list[Tensor]) -> tuple[dict, dict]:
    """The same sequences and labels as a padded batch and as a packed row."""
    input_ids, mask = padded(sequences)
    batch: dict[str, Any] = {"input_ids": input_ids, "attention_mask": mask}
    if architecture == "encoder-decoder":
        row = packed_row(sequences, targets)
        starts = [torch.cat([torch.tensor([1]), target[:-1]]) for target in targets]
        row |= {"decoder_input_ids": torch.cat(starts)[None], "labels": torch.cat(targets)[None]}
        return batch | {"labels": padded(targets, value=-100)[0]}, row
    row = packed_row(sequences)
    if architecture == "decoder":
        labels = [sequence.clone() for sequence in sequences]
        for label in labels:
            label[0] = -100
        kept = [torch.arange(start, end - 1) for start, end in pairwise(row["cu_seq_lens_q"].tolist())]
    else:
        labels = [torch.where(torch.arange(len(sequence)) % 3 == 0, sequence, -100) for sequence in sequences]
        kept = [(torch.cat(labels) != -100).nonzero()[:, 0]]
    row |= {"labels": torch.cat(labels)[None], "logits_to_keep": torch.cat(kept)}
    return batch | {"labels": padded(labels, value=-100)[0]}, row


def real_logits(architecture: str, logits: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Of a padded batch's logits those that a packed row has."""
    targets = batch["labels"]
    if architecture == "decoder":
        targets = nn.functional.pad(targets, (0, 1), value=-100)[:, 1:]
    return logits[targets != -100]


def sequences_of(architecture: str) -> tuple[list[Tensor], list[Tensor]]:
    return random_sequences(LENGTHS), random_sequences(TARGET_LENGTHS, seed=30)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("window", [None, 2])
def test_packed_is_padded(architecture: str, position: str, norm: str, window: int | None):
    model = tiny_model(architecture, position=position, norm=norm, sliding_window=window)
    batch, row = both_forms(architecture, *sequences_of(architecture))
    expected, actual = model(**batch), model(**row)
    assert_same(actual.logits[0], real_logits(architecture, expected.logits, batch))
    assert_same(actual.loss, expected.loss)
    assert_same(gradients(actual.loss, model), gradients(expected.loss, model))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_packed_is_padded_in_every_implementation(architecture: str, attention: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attention_file, "SHORT_ON_CPU", 0)
    model = tiny_model(architecture, attention=attention, num_key_value_heads=2, position="alibi")
    for lengths, target_lengths in ((LENGTHS, TARGET_LENGTHS), ([4, 4], [3, 3]), ([6], [5])):
        sequences, targets = random_sequences(lengths), random_sequences(target_lengths, seed=30)
        batch, row = both_forms(architecture, sequences, targets)
        expected, actual = model(**batch), model(**row)
        assert_same(actual.logits[0], real_logits(architecture, expected.logits, batch))
        assert_same(gradients(actual.loss, model), gradients(expected.loss, model))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("attention", ["sdpa", FAKE_FLASH])
@pytest.mark.usefixtures("flash_by_hand")
def test_sequences_do_not_see_each_other(architecture: str, attention: str):
    model = tiny_model(architecture)
    model.config._attn_implementation = attention
    sequences, targets = sequences_of(architecture)
    before = model.model(**without_head(both_forms(architecture, sequences, targets)[1])).last_hidden_state
    changed = [sequence.clone() for sequence in sequences]
    changed[2][:] = 3
    after = model.model(**without_head(both_forms(architecture, changed, targets)[1])).last_hidden_state
    lengths = TARGET_LENGTHS if architecture == "encoder-decoder" else LENGTHS
    for index, (old, new) in enumerate(zip(before.split(lengths, 1), after.split(lengths, 1), strict=True)):
        assert torch.equal(old, new) == (index != 2)


def without_head(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("labels", "logits_to_keep")}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_row_of_logits_for_each_target(architecture: str):
    model = tiny_model(architecture)
    _, row = both_forms(architecture, *sequences_of(architecture))
    n_targets = {"encoder": 3 + 2 + 1 + 1, "decoder": sum(LENGTHS) - 4, "encoder-decoder": sum(TARGET_LENGTHS)}
    assert model(**row).logits.shape == (1, n_targets[architecture], 41)


def test_sides():
    side = PackedSide.of(torch.tensor([0, 2, 3, 6], dtype=torch.int32), 3, 6)
    assert side.mask.tolist() == [[True, True, False], [True, False, False], [True, True, True]]
    assert side.position_ids.tolist() == [[0, 1, 0, 0, 1, 2]]
    tokens = torch.arange(6.0).view(1, 6, 1)
    assert side.padded(tokens)[side.mask][:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert torch.equal(side.packed(side.padded(tokens)), tokens)


def test_one_packed_row_alone_is_refused():
    model = tiny_model()
    _, row = both_forms("encoder-decoder", *sequences_of("encoder-decoder"))
    with pytest.raises(ValueError, match="of cu_seq_lens_q and cu_seq_lens_k only one is given"):
        model(**{name: value for name, value in row.items() if not name.endswith("_k")})


def test_hidden_states_of_a_packed_row():
    model = tiny_model()
    _, row = both_forms("encoder-decoder", *sequences_of("encoder-decoder"))
    outputs = model(**row, output_hidden_states=True)
    assert [states.shape for states in outputs.encoder_hidden_states] == [(1, sum(LENGTHS), 16)] * 3
    assert [states.shape for states in outputs.decoder_hidden_states] == [(1, sum(TARGET_LENGTHS), 16)] * 4


# Flash attention, which reads packed rows by itself, written out by hand


def attend_by_hand(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    cu_seq_lens_q: Tensor,
    cu_seq_lens_k: Tensor,
    max_length_q: int,
    max_length_k: int,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Sequence by sequence; the window as `flash_attn` has it: less than so many tokens away, to both sides."""
    assert attention_mask is None
    assert (max_length_q, max_length_k) == (int(cu_seq_lens_q.diff().max()), int(cu_seq_lens_k.diff().max()))
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    outputs = []
    bounds = zip(pairwise(cu_seq_lens_q.tolist()), pairwise(cu_seq_lens_k.tolist()), strict=True)
    for queries, keys in bounds:
        q, k, v = query[:, :, slice(*queries)], key[:, :, slice(*keys)], value[:, :, slice(*keys)]
        distance = torch.arange(q.shape[2])[:, None] - torch.arange(k.shape[2])[None, :]
        hidden = (distance < 0) if module.is_causal else torch.zeros_like(distance, dtype=torch.bool)
        if sliding_window is not None:
            hidden |= distance.abs() > sliding_window - 1
        scores = (q @ k.transpose(2, 3) * scaling).masked_fill(hidden, -torch.inf)
        outputs.append((scores.softmax(-1) @ v).transpose(1, 2))
    return torch.cat(outputs, dim=1), None


@pytest.fixture
def flash_by_hand() -> Iterator[None]:
    AttentionInterface.register(FAKE_FLASH, attend_by_hand)
    yield
    AttentionInterface._global_mapping.pop(FAKE_FLASH)


@pytest.mark.usefixtures("flash_by_hand")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", ["sinusoidal", "learned", "rotary", "none"])
@pytest.mark.parametrize("window", [None, 2])
def test_flash_attention_is_padded(architecture: str, position: str, window: int | None):
    settings = {"position": position, "sliding_window": window, "num_key_value_heads": 2}
    model, flash = tiny_model(architecture, **settings), tiny_model(architecture, **settings)
    flash.config._attn_implementation = FAKE_FLASH
    batch, row = both_forms(architecture, *sequences_of(architecture))
    expected, actual = model(**batch), flash(**row)
    assert_same(actual.logits[0], real_logits(architecture, expected.logits, batch))
    assert_same(gradients(actual.loss, flash), gradients(expected.loss, model))


@pytest.mark.usefixtures("flash_by_hand")
def test_flash_attention_refuses_alibi():
    model = tiny_model("decoder", position="alibi")
    model.config._attn_implementation = FAKE_FLASH
    _, row = both_forms("decoder", *sequences_of("decoder"))
    with pytest.raises(ValueError, match="position='alibi' works with eager, sdpa and flex_attention"):
        model(**row)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_checkpointed_packed_row(architecture: str):
    model = tiny_model(architecture, position="alibi").train()
    _, row = both_forms(architecture, *sequences_of(architecture))
    plain = gradients(model(**row).loss, model)
    model.activation_checkpointing_enable()
    assert_same(gradients(model(**row).loss, model), plain)


class TestReadingWithoutPadding:
    """A padded batch of which no gradient is wanted loses its padding on the way through the encoder."""

    @pytest.mark.parametrize("position", POSITIONS)
    @pytest.mark.parametrize("side", ["left", "right"])
    def test_real_tokens_come_out_the_same(self, position: str, side: str) -> None:
        model = tiny_model("encoder", position=position).eval()
        input_ids, mask = padded(random_sequences(LENGTHS))
        if side == "left":
            input_ids, mask = input_ids.flip(-1), mask.flip(-1)
        seen = rows_of_attention(model, lambda: model.model(input_ids, mask).last_hidden_state)
        with torch.no_grad():
            packed_seen = rows_of_attention(model, lambda: model.model(input_ids, mask).last_hidden_state)
        assert seen[0] == input_ids.numel()
        assert packed_seen[0] == sum(LENGTHS)
        assert_same(packed_seen[1][mask.bool()], seen[1][mask.bool()])
        assert packed_seen[1][~mask.bool()].abs().max() == 0

    def test_what_happens_inside_is_recorded_padded(self) -> None:
        model = tiny_model("encoder").eval()
        input_ids, mask = padded(random_sequences(LENGTHS))
        with torch.no_grad():
            recorded = model.model(input_ids, mask, output_hidden_states=True, output_attentions=True)
        assert {states.shape[:2] for states in recorded.hidden_states} == {input_ids.shape}
        assert {weights.shape[0] for weights in recorded.attentions} == {len(LENGTHS)}

    def test_a_row_without_tokens_is_no_sequence(self) -> None:
        model = tiny_model("encoder").eval()
        input_ids, mask = padded(random_sequences([4, 2]))
        mask[1] = 0
        with torch.no_grad():
            read = model.model(input_ids, mask).last_hidden_state
        assert_same(read[0], model.model(input_ids[:1]).last_hidden_state[0])


def rows_of_attention(model: nn.Module, call: Callable[[], Tensor]) -> tuple[int, Tensor]:
    """The tokens that go through the first layer, and what comes out of the call."""
    counts: list[int] = []
    handle = model.model.encoder.layers[0].register_forward_pre_hook(
        lambda _, inputs: counts.append(inputs[0].shape[0] * inputs[0].shape[1])
    )
    result = call()
    handle.remove()
    return counts[0], result
