"""AdaLoRA (Zhang et al. 2023, https://arxiv.org/abs/2303.10512): ranks that move to where they matter, step by step.

peft leaves three things to whoever trains: the number of steps, the call after each of them, and the penalty on the
loss, which it adds only to losses that the model computes itself. It saves nothing of what the allocation has seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import AdaLoraModel, PeftModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from toolkit.errors import IntegrityError, RecipeError

FILE = "ranks.safetensors"
_SEEN = ("ipt", "exp_avg_ipt", "exp_avg_unc")


def allocation_of(model: torch.nn.Module, *, steps: int) -> RankAllocation | None:
    """Return the allocation of ranks of a model that trains for some steps; None if its method allocates none.

    Raises:
        RecipeError: there are too few steps for the phases that the recipe names.
    """
    tuner = model.base_model if isinstance(model, PeftModel) else None
    if not isinstance(tuner, AdaLoraModel):
        return None
    config: Any = tuner.peft_config[tuner.trainable_adapter_name]
    if config.tinit >= steps - config.tfinal:
        raise RecipeError(
            f"{steps} steps leave none between the first tinit: {config.tinit} and the last tfinal: {config.tfinal} "
            "to move ranks in; lower them, or train longer",
            where="peft",
        )
    tuner.rankallocator.set_total_step(steps)  # type: ignore[no-untyped-call]
    return RankAllocation(tuner)


class RankAllocation(TrainerCallback):
    """A callback that lets the ranks move after each step, with what has to be saved for it.

    Args:
        tuner: peft's.
    """

    def __init__(self, tuner: AdaLoraModel) -> None:
        self.tuner = tuner
        self.config: Any = tuner.peft_config[tuner.trainable_adapter_name]

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Move ranks by the gradients of this step; those that are missing count as zero, as in a skipped step."""
        for _name, weight in self._weights():
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        self.tuner.update_and_allocate(state.global_step)  # type: ignore[no-untyped-call]

    def penalty(self) -> Tensor:
        """Compute how far the singular vectors are from orthogonal, weighted: equation 4 of the paper, as in peft."""
        gaps = []
        for name, weight in self._weights():
            if "lora_A" in name or "lora_B" in name:
                products = weight @ weight.T if "lora_A" in name else weight.T @ weight
                gaps.append(torch.linalg.norm(products - torch.eye(len(products), device=products.device)))
        return float(self.config.orth_reg_weight) * torch.stack(gaps).mean()

    def save(self, folder: Path) -> None:
        """Write what the allocation has seen into a checkpoint."""
        allocator = self.tuner.rankallocator
        tensors = {f"{kind}:{name}": seen for kind in _SEEN for name, seen in getattr(allocator, kind).items()}
        kept = {f"kept:{name}": torch.tensor(ranks) for name, ranks in (self.config.rank_pattern or {}).items()}
        save_file({name: tensor.contiguous() for name, tensor in {**tensors, **kept}.items()}, folder / FILE)

    def load(self, folder: Path) -> None:
        """Read it again.

        Raises:
            IntegrityError: the file is damaged.
        """
        try:
            saved = load_file(folder / FILE)
        except (OSError, SafetensorError) as error:
            raise IntegrityError(f"the state of the ranks cannot be read: {error}", where=str(folder)) from error
        for kind in _SEEN:
            setattr(self.tuner.rankallocator, kind, _of_kind(saved, kind))
        kept = {name: ranks.tolist() for name, ranks in _of_kind(saved, "kept").items()}
        self.config.rank_pattern = kept or None

    def settle(self) -> None:
        """Let the ranks that are saved be those of the weights, which may be of an earlier step than the last one."""
        kept = self.config.rank_pattern or {}
        weights = dict(self.tuner.model.named_parameters())
        self.config.rank_pattern = {name: (weights[name] != 0).flatten().tolist() for name in kept} or None

    def _weights(self) -> list[tuple[str, torch.nn.Parameter]]:
        return [(name, weight) for name, weight in self.tuner.model.named_parameters() if "lora_" in name]


def _of_kind(tensors: dict[str, Tensor], kind: str) -> dict[str, Tensor]:
    return {name.partition(":")[2]: tensor for name, tensor in tensors.items() if name.startswith(f"{kind}:")}
