"""Settings of the library's trainer that need a package or a device; the library itself says whether they are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import Recipe

# Every installation has these, so nothing heavy is imported for them.
_ALWAYS = ("adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "adagrad", "rmsprop")
_NONE: tuple[Any, ...] = (None, "none", [], ["none"])


@rule("training")
def _package_or_device_is_there(recipe: Recipe) -> Broken:
    training = recipe.training.for_trainer()
    asked: list[tuple[str, Callable[[Any], None]]] = []
    if training["report_to"] not in _NONE:
        asked.append(("report_to", _ask_reporting))
    if training["optim"] not in _ALWAYS:
        asked.append(("optim", _ask_optimizer))
    if training["tf32"]:
        asked.append(("tf32", _ask_arguments))
    for key, ask in asked:
        try:
            ask(training[key])
        except (ImportError, ValueError, RuntimeError) as error:
            line = str(error).strip().split("\n")[0].rstrip(".")
            yield f"training.{key}", f"{training[key]!r} does not work here: {line}; take it out, or provide that"


def _ask_reporting(names: Any) -> None:
    """Ask the library whether trackers are there, without importing them: some speak with the network then."""
    from importlib.util import find_spec

    from transformers.integrations import integration_utils

    for name in [names] if isinstance(names, str) else names:
        if name == "all":  # which is what is there
            continue
        integration_utils.get_reporting_integration_callbacks([name])  # type: ignore[no-untyped-call]
        is_there = getattr(integration_utils, f"is_{name.replace('_', '')}_available", None)
        if is_there is not None and not is_there():
            raise ImportError(f"{name} is not installed (pip install {name})")
        if name == "mlflow" and find_spec("alembic") is None:  # mlflow-skinny comes without
            raise ImportError("mlflow keeps runs in SQLite, with packages that are missing (pip install mlflow)")


def _ask_optimizer(name: str) -> None:
    from torch import nn
    from transformers import Trainer, TrainingArguments

    arguments = TrainingArguments(output_dir="unused", optim=name, optim_target_modules="all-linear")
    model: Any = nn.Sequential(nn.Linear(2, 2))
    Trainer.get_optimizer_cls_and_kwargs(arguments, model)


def _ask_arguments(value: bool) -> None:
    from transformers import TrainingArguments

    TrainingArguments(output_dir="unused", tf32=value)
