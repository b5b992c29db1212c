"""Every method of the installed peft on every kind of model and head: it trains and comes back, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from peft_cases import METHODS, adapted_for, head_of, logits_of, loss_of

from toolkit.adapters import LocatedModel, open_for_prediction
from toolkit.errors import RecipeError
from toolkit.names import Family, Task
from toolkit.training.save import save_model
from toolkit.training.trainable import check_new_parameters_train

SEQUENCE, TOKENS, WRITING = Task.TEXT_CLASSIFICATION, Task.TOKEN_CLASSIFICATION, Task.TEXT_GENERATION
PLACES = [
    *((name, SEQUENCE) for name in ("bert", "gpt2", "llama", "t5", "bart")),
    *((name, TOKENS) for name in ("bert", "gpt2", "llama", "t5")),
    *((name, WRITING) for name in ("gpt2", "llama", "t5", "bart")),
]
LINEAR_ONLY = (
    *("adamss", "beft", "boft", "c3a", "delora", "glora", "hra", "lily", "loha", "lokr", "miss", "oft", "osf"),
    *("peanut", "psoft", "road", "shira", "supertuning"),
)
"""Methods that peft has for ``nn.Linear`` alone, and not for the transposed layers of GPT-2."""
NOT_MERGED = frozenset(["adaption_prompt", "cartridge", "lily", "p_tuning", "prefix_tuning", "prompt_tuning"])


def refused(name: str, task: Task) -> dict[str, str]:
    """What each method that does not fit is refused with."""
    words: dict[str, str] = {}
    if task is not WRITING:
        words |= dict.fromkeys(("adaption_prompt", "trainable_tokens"), "trains nothing beside what it adds")
    elif name in ("t5", "bart"):
        words |= {"adaption_prompt": "Unsupported model type"}
    if name == "gpt2":
        words |= dict.fromkeys(LINEAR_ONLY, "Conv1D|not support|no effect|does not require grad")
    if task is TOKENS:
        words |= dict.fromkeys(("prompt_tuning", "p_tuning"), "labels tokens by their place")
    if task is SEQUENCE and name in ("gpt2", "llama"):
        words |= dict.fromkeys(("prompt_tuning", "p_tuning"), "reads padding")
    if task is not WRITING and name in ("t5", "bart"):
        words |= dict.fromkeys(("prefix_tuning", "cartridge"), "does not work with this model")
    if task is SEQUENCE and name in ("t5", "bart"):
        words |= dict.fromkeys(("prompt_tuning", "p_tuning"), "input embeddings is currently not supported")
    return words


@pytest.mark.parametrize(("name", "task"), PLACES)
def test_each_method_fits_or_is_refused_in_one_line(name: str, task: Task):
    expected = refused(name, task)
    for method in METHODS:
        if method not in expected:
            opened, adapted = adapted_for(method, name, task)
            assert isinstance(adapted.model, PeftModel), method
            check_new_parameters_train(adapted.model, opened.new_parameters)
            continue
        with pytest.raises(RecipeError, match=expected[method]) as found:
            adapted_for(method, name, task)
        (fault,) = found.value.faults
        assert "\n" not in fault.message, method


@pytest.mark.parametrize(
    ("name", "task", "method"),
    [
        (name, task, method)
        for name, task in (("bert", SEQUENCE), ("llama", WRITING), ("t5", WRITING))
        for method in METHODS
        if method not in refused(name, task)
    ]
    + [("bert", TOKENS, method) for method in ("lora", "adalora", "ia3", "ln_tuning", "prefix_tuning")],
)
def test_it_learns_and_answers_alike_when_it_is_opened_again(name: str, task: Task, method: str, tmp_path: Path):
    opened, adapted = adapted_for(method, name, task)
    model = adapted.model
    before = {part: weight.clone() for part, weight in model.named_parameters()}
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=0.02)
    losses = []
    for _ in range(4):
        loss = loss_of(model.eval(), adapted)  # without dropout, which moves losses more than four steps do
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert min(losses[1:]) < losses[0]
    changed = {part for part, weight in model.named_parameters() if not torch.equal(weight, before[part])}
    assert changed
    assert changed <= {part for part, weight in model.named_parameters() if weight.requires_grad}
    assert all(any(part.rpartition(".")[0] in name for name in changed) for part in opened.new_parameters)
    expected = logits_of(adapted)
    folder = save_model(model, opened, tmp_path)
    is_merged = not (folder / "adapter_config.json").is_file()
    assert is_merged == (method not in NOT_MERGED and (method, name) not in [("beft", "llama"), ("beft", "t5")])
    for saved in [folder, tmp_path / "adapter"] if is_merged else [folder]:
        again = open_for_prediction(LocatedModel(str(saved), saved), head_of(task))
        tolerance = 1e-4 * float(expected.abs().max())
        torch.testing.assert_close(logits_of(again), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bart"])
@pytest.mark.parametrize("method", ["prefix_tuning", "prompt_tuning", "p_tuning", "cartridge", "ia3", "vera"])
def test_it_writes_what_its_logits_say(name: str, method: str):
    """The logits of a prompt's own tokens are hidden, so the last logit is the first new token's."""
    _, adapted = adapted_for(method, name, WRITING)
    batch = adapted.tokenizer("the film is", return_tensors="pt")
    model = adapted.model.eval()
    made = model.generate(**batch, max_new_tokens=2, do_sample=False, pad_token_id=0, eos_token_id=39)
    is_decoder = adapted.family is Family.DECODER
    given = batch["input_ids"] if is_decoder else made[:, :1]
    with torch.no_grad():
        logits = model(**batch, **({} if is_decoder else {"decoder_input_ids": given})).logits
    assert logits.shape[1] == given.shape[1]
    assert logits[0, -1].argmax() == made[0, given.shape[1]]
