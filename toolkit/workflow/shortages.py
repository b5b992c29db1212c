"""Too little disk or memory during a run, with the settings that ask for less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.names import Method
from toolkit.recipe import Recipe
from toolkit.shortage import full_disk, is_full_disk, is_out_of_memory, out_of_memory
from toolkit.training.checkpoints import GO_ON


@contextmanager
def shortages_told(recipe: Recipe, work: Path) -> Iterator[None]:
    """Tell a shortage in the block as one line; every other error passes.

    Args:
        recipe: that is carried out.
        work: the run folder, unfinished.

    Raises:
        ResourceError: with what to do.
    """
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        if is_full_disk(error):
            raise full_disk(work, fix=GO_ON) from error
        if is_out_of_memory(error):
            raise out_of_memory(smaller(recipe)) from error
        raise


def smaller(recipe: Recipe, **_: Any) -> str:
    """Return the nearest settings that need less memory, as they are written behind the recipe's name."""
    if recipe.way in (Method.FEATURES, Method.ZERO_SHOT):
        return "lower data.max_length, or take a smaller model"
    training = recipe.training.for_trainer()
    micro_batch, accumulated = training["per_device_train_batch_size"], training["gradient_accumulation_steps"]
    if recipe.training.tokens_per_batch is not None:
        return (
            f"set training.tokens_per_batch={max(1, recipe.training.tokens_per_batch // 2)}, or lower data.max_length"
        )
    if micro_batch > 1:
        return (
            f"set training.per_device_train_batch_size={micro_batch // 2} "
            f"training.gradient_accumulation_steps={accumulated * 2}, which learns from as many rows a step"
        )
    lighter = "" if recipe.way is Method.PEFT else ", take method=lora or method=features"
    return f"lower data.max_length{lighter}, or take a smaller model"
