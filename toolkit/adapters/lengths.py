"""How many tokens a text may have."""

from __future__ import annotations

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.family import reading_config
from toolkit.errors import RecipeError

MAX_LENGTH_WITHOUT_A_LIMIT = 512


def settle_length(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, wanted: int | None, *, name: str) -> int:
    """The tokens that a text may have; a model with another attention for long texts gets that of these.

    Args:
        model: with or without head.
        tokenizer: may say a length.
        wanted: None takes what the model was made for.
        name: the model's, for the message.

    Raises:
        RecipeError: if the model has positions for fewer tokens than are wanted.
    """
    positions = usable_positions(model)
    length = wanted or _shortest_limit(positions, tokenizer)
    if positions and positions < length:
        raise RecipeError(
            f"max_length is {length} tokens but the model has positions for {positions}; make it {positions} or less",
            where=f"model {name}",
        )
    _attend_in_full(model, length)
    return length


def usable_positions(model: PreTrainedModel) -> int | None:
    """Tokens that the position table has room for; RoBERTa's kin count from after their padding index.

    None where any number will do: T5 and XLNet know distances alone.
    """
    positions: int | None = getattr(reading_config(model.config), "max_position_embeddings", None)
    if positions is None or positions <= 0:
        return None
    tables = [module for name, module in model.named_modules() if name.endswith("position_embeddings")]
    offset = next((table.padding_idx + 1 for table in tables if getattr(table, "padding_idx", None) is not None), 0)
    return positions - int(offset)


def _shortest_limit(positions: int | None, tokenizer: PreTrainedTokenizerBase) -> int:
    # A tokenizer without a limit says 10^30.
    limits = [limit for limit in (positions, tokenizer.model_max_length) if limit and limit < 10**9]
    return min(limits, default=MAX_LENGTH_WITHOUT_A_LIMIT)


def _attend_in_full(model: PreTrainedModel, length: int) -> None:
    """Settle BigBird's attention by the longest text that there may be, and save it so.

    Its blocks need a certain length; at the first batch that is shorter the library changes to full attention for
    good, so that what a text gets would depend on the texts before it.
    """
    config = reading_config(model.config)
    if getattr(config, "attention_type", None) != "block_sparse":
        return
    if length <= (5 + 2 * config.num_random_blocks) * config.block_size:
        config.attention_type = "original_full"
        for module in model.modules():
            if isinstance(module, PreTrainedModel) and getattr(module, "attention_type", None) == "block_sparse":
                module.set_attention_type("original_full")  # type: ignore[operator]
