"""The limit of a text in tokens."""

from __future__ import annotations

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.family import reading_config
from toolkit.adapters.peft_models import virtual_tokens
from toolkit.errors import RecipeError

MAX_LENGTH_WITHOUT_A_LIMIT = 512


def settle_length(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, wanted: int | None, *, name: str) -> int:
    """Return the limit of a text in tokens, and set up the attention of the model for it.

    Args:
        model: with or without a head.
        tokenizer: may have a limit.
        wanted: limit that is asked for; None takes the model's own limit.
        name: of the model, for the message.

    Raises:
        RecipeError: if the model has positions for fewer tokens than are wanted.
    """
    positions = usable_positions(model)
    length = wanted or _shortest_limit(positions, tokenizer)
    if positions and positions < length:
        beside = f" beside the {virtual_tokens(model)} of its prompt" if virtual_tokens(model) else ""
        raise RecipeError(
            f"max_length is {length} tokens but the model has positions for {positions}{beside}; "
            f"make it {positions} or less",
            where=f"model {name}",
        )
    _attend_in_full(model, length)
    return length


def usable_positions(model: PreTrainedModel) -> int | None:
    """Return the number of tokens that the position table has rows for; None if there is no limit.

    RoBERTa and similar models count positions from after their padding index. A learnt prompt takes some of them. T5
    and XLNet have relative positions, and so no limit.
    """
    positions: int | None = getattr(reading_config(model.config), "max_position_embeddings", None)
    if positions is None or positions <= 0:
        return None
    tables = [module for name, module in model.named_modules() if name.endswith("position_embeddings")]
    offset = next((table.padding_idx + 1 for table in tables if getattr(table, "padding_idx", None) is not None), 0)
    return positions - int(offset) - virtual_tokens(model)


def _shortest_limit(positions: int | None, tokenizer: PreTrainedTokenizerBase) -> int:
    # A tokenizer without a limit has one of 10^30.
    limits = [limit for limit in (positions, tokenizer.model_max_length) if limit and limit < 10**9]
    return min(limits, default=MAX_LENGTH_WITHOUT_A_LIMIT)


def _attend_in_full(model: PreTrainedModel, length: int) -> None:
    """Choose BigBird's attention by the longest text that there may be (Zaheer et al. 2020); it is saved so.

    See https://arxiv.org/abs/2007.14062. Block-sparse attention needs a minimum length. At the first batch that is
    shorter the library changes to full attention for good, so that outputs would depend on earlier texts.
    """
    config = reading_config(model.config)
    if getattr(config, "attention_type", None) != "block_sparse":
        return
    if length <= (5 + 2 * config.num_random_blocks) * config.block_size:
        config.attention_type = "original_full"
        for module in model.modules():
            if isinstance(module, PreTrainedModel) and getattr(module, "attention_type", None) == "block_sparse":
                module.set_attention_type("original_full")  # type: ignore[operator]
