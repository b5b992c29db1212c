"""The ``training`` section: the fields of the installed ``transformers.TrainingArguments``, and what is ours.

Every difference from the library is in the tables below.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from toolkit.recipe.installed import training_settings
from toolkit.recipe.introspect import library_fields, ranged
from toolkit.recipe.schema import TrainingSection
from toolkit.recipe.values import OneOf, PositiveInt, Steps, StepsOrNone, as_whole

DEFAULTS: dict[str, Any] = {
    "eval_strategy": "epoch",  # the best epoch is chosen on the validation split
    "load_best_model_at_end": True,
    "save_strategy": "steps",  # saving serves resuming, and does not depend on evaluation
    "save_steps": 0.1,  # fraction of all steps
    "train_sampling_strategy": "group_by_length",  # less padding
    "warmup_steps": 0.1,  # fraction of all steps
    "logging_steps": 10,
    "per_device_eval_batch_size": 32,
    "report_to": "none",  # nothing leaves the machine unasked
}
"""Defaults that differ from the library's."""

_NON_NEGATIVE = ranged(at_least=0)
_BELOW_ONE = ranged(at_least=0, below=1)

KINDS: dict[str, Any] = {
    "learning_rate": _NON_NEGATIVE,
    "weight_decay": _NON_NEGATIVE,
    "max_grad_norm": _NON_NEGATIVE,
    "eval_delay": _NON_NEGATIVE,
    "neftune_noise_alpha": _NON_NEGATIVE | None,
    "num_train_epochs": ranged(above=0),
    "max_steps": Annotated[int, Field(ge=-1), BeforeValidator(as_whole)],
    "label_smoothing_factor": _BELOW_ONE,
    "adam_beta1": _BELOW_ONE,
    "adam_beta2": _BELOW_ONE,
    "adam_epsilon": ranged(above=0),
    "warmup_steps": StepsOrNone,
    "logging_steps": Steps,
    "save_steps": Steps,
    "eval_steps": Steps | None,
    "per_device_train_batch_size": PositiveInt,
    "per_device_eval_batch_size": PositiveInt,
    "gradient_accumulation_steps": PositiveInt,
    "eval_accumulation_steps": PositiveInt | None,
    "torch_empty_cache_steps": PositiveInt | None,
    "dataloader_num_workers": Annotated[int, Field(ge=0), BeforeValidator(as_whole)],
    "dataloader_prefetch_factor": PositiveInt | None,
    "ddp_timeout": PositiveInt,
    "ddp_bucket_cap_mb": PositiveInt | None,
    "save_strategy": Literal["no", "steps", "epoch"],
    "train_sampling_strategy": Literal["random", "sequential", "group_by_length"],
    "trackio_static_space_id": str | None,
    "include_num_input_tokens_seen": Literal["all", "non_padding", "no"] | bool,
    "log_level": Annotated[str, OneOf(("detail", "debug", "info", "warning", "error", "critical", "passive"))],
}
KINDS["log_level_replica"] = KINDS["log_level"]

_OWN_COLUMNS = "the toolkit names the columns of its batches itself; see data.columns"
_OWN_EVALUATION = "predictions and metrics are gathered by the toolkit; see the section evaluation"
_OWN_CHECKPOINTS = "checkpoints are always whole, so that a killed run goes on exactly where it was"
_FLOAT32 = "reported numbers always come from the saved model in float32"
_ONE_DEVICE = "models that are spread over devices are not in this version"
_VERBS = "what a run does is said by the command: toolkit fine-tune, evaluate or predict"
_HUB = "publish the finished run with toolkit push"

REFUSED: dict[str, str] = {
    "output_dir": "the run folder is given on the command line with --output-dir",
    "seed": "write seed at the top level of the recipe",
    "data_seed": "write seed at the top level (order), or data.split_seed (division)",
    "resume_from_checkpoint": "the same command goes on by itself where a run was; --restart starts over",
    "save_total_limit": "the two newest whole checkpoints are always kept",
    "logging_nan_inf_filter": "a loss that is not finite is never hidden; see training.on_nan",
    "auto_find_batch_size": "the batch size never changes by itself; lower per_device_train_batch_size "
    "and raise gradient_accumulation_steps",
    "accelerator_config": _ONE_DEVICE,
    "deepspeed": _ONE_DEVICE,
    "fsdp": _ONE_DEVICE,
    "fsdp_config": _ONE_DEVICE,
    "parallelism_config": _ONE_DEVICE,
    "average_tokens_across_devices": "always on: otherwise the gradient would depend on the number of ranks",
    "dataloader_drop_last": "the last, smaller batch of an epoch is always learnt from",
    "disable_tqdm": "progress bars show themselves on a terminal only",
    "local_rank": "the launcher sets it (torchrun, accelerate launch)",
    "bf16_full_eval": _FLOAT32,
    "fp16_full_eval": _FLOAT32,
    "do_train": _VERBS,
    "do_eval": _VERBS,
    "do_predict": _VERBS,
    "save_only_model": _OWN_CHECKPOINTS,
    "save_on_each_node": _OWN_CHECKPOINTS,
    "enable_jit_checkpoint": _OWN_CHECKPOINTS,
    "ignore_data_skip": _OWN_CHECKPOINTS,
    "restore_callback_states_from_checkpoint": _OWN_CHECKPOINTS,
    "remove_unused_columns": _OWN_COLUMNS,
    "label_names": _OWN_COLUMNS,
    "length_column_name": _OWN_COLUMNS,
    "include_for_metrics": _OWN_EVALUATION,
    "batch_eval_metrics": _OWN_EVALUATION,
    "prediction_loss_only": _OWN_EVALUATION,
    "eval_do_concat_batches": _OWN_EVALUATION,
    "eval_use_gather_object": _OWN_EVALUATION,
    "push_to_hub": _HUB,
    "hub_token": "no secret belongs in a recipe; log in with hf auth login",
    "hub_private_repo": _HUB,
    "hub_model_id": _HUB,
    "hub_strategy": _HUB,
    "hub_always_push": _HUB,
    "hub_revision": _HUB,
    "metrics": "write it in the section evaluation",
    "max_length": "write it in the section data",
}
"""Keys that people look for in ``training``, and where they belong."""

OLD_NAMES: dict[str, str] = {
    "evaluation_strategy": "eval_strategy",
    "warmup_ratio": "warmup_steps",
    "group_by_length": "train_sampling_strategy",
    "no_cuda": "use_cpu",
    "gradient_checkpointing": "activation_checkpointing",
    "gradient_checkpointing_kwargs": "activation_checkpointing_kwargs",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "half_precision_backend": "bf16",
    "adafactor": "optim",
    "lr": "learning_rate",
    "lr_scheduler": "lr_scheduler_type",
    "scheduler": "lr_scheduler_type",
    "optimizer": "optim",
    "batch_size": "per_device_train_batch_size",
    "train_batch_size": "per_device_train_batch_size",
    "eval_batch_size": "per_device_eval_batch_size",
    "epochs": "num_train_epochs",
    "num_epochs": "num_train_epochs",
    "accumulation_steps": "gradient_accumulation_steps",
    "label_smoothing": "label_smoothing_factor",
    "gradient_clipping": "max_grad_norm",
    "patience": "early_stopping_patience",
}
"""Names of transformers 4 and of other tools, and the key that has replaced each."""

_HOW_TO_WRITE = {
    "warmup_ratio": "a number below 1 is a fraction of all steps",
    "group_by_length": "write group_by_length as its value",
    "adafactor": "write adafactor as its value",
}


@cache
def training_section() -> type[TrainingSection]:
    """Return the class that checks ``training``: our keys, then the library's."""
    settings = training_settings()
    present = {setting["name"] for setting in settings}
    outdated = {old for old, new in OLD_NAMES.items() if new in present}
    own = set(TrainingSection.model_fields)
    fields: dict[str, Any] = {
        **library_fields(settings, refused=REFUSED.keys() | outdated | own, kinds=KINDS, defaults=DEFAULTS)
    }
    return create_model("Training", __base__=TrainingSection, __doc__="How the model is trained.", **fields)


def training_hint(key: str) -> str | None:
    """Return what to write instead of a key that ``training`` does not have; None for an unknown key."""
    if key in REFUSED:
        return REFUSED[key]
    new = OLD_NAMES.get(key)
    if new is None or new not in training_section().model_fields:
        return None
    how = f" ({_HOW_TO_WRITE[key]})" if key in _HOW_TO_WRITE else ""
    return f"it is called {new!r} here{how}"
