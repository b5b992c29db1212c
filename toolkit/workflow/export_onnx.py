"""A model as an ONNX file, and that file in the place of the model, so that it can be asked like one."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from toolkit.adapters import OpenedModel
from toolkit.errors import RecipeError
from toolkit.names import SPECS, Family, Task

FILE = "model.onnx"
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_LARGEST_IN_ONE_FILE = 1_900_000_000  # protobuf ends at 2 GiB
_AXES = {0: "batch", 1: "length"}


def check_exportable(task: Task, family: Family) -> None:
    """Refuse what has no single forward pass from tokens to answers, and a machine without the packages.

    Raises:
        RecipeError: naming what is missing, or what can be exported.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise RecipeError(f"{', '.join(missing)} not installed; pip install 'transfer-toolkit[onnx]'", where="--format")
    if SPECS[task].generates:
        fitting = ", ".join(name for name, spec in SPECS.items() if not spec.generates)
        raise RecipeError(
            f"onnx is for models that answer in one pass: {fitting}; this one is for {task} ({family}), which writes "
            "token by token; take a gguf format where its type has one, or the model as transformers opens it",
            where="--format",
        )


def write_onnx(opened: OpenedModel, folder: Path) -> None:
    """Write ``model.onnx``: token ids to logits, for any number of rows of any length.

    Args:
        opened: with its head; stays as it is.
        folder: exists; weights of more than 1.9 GB are put beside the file.

    Raises:
        RecipeError: if torch cannot express the model, saying where it gave up.
    """
    names = input_names(opened)
    rows = opened.tokenizer(["a b", "a b c d"], padding=True, truncation=True, max_length=8, return_tensors="pt")
    model: Any = opened.model.to("cpu").eval()  # type: ignore[arg-type]
    usual = model.config._attn_implementation
    try:
        program = _traced(model, names, rows)
    except Exception:  # torch.export gives up with errors of many kinds; eager attention is the plainest to express
        model.set_attn_implementation("eager")
        try:
            program = _traced(model, names, rows)
        except Exception as error:
            first_line = str(error).strip().split("\n")[0][:200]
            raise RecipeError(
                f"torch cannot export a model of the type {model.config.model_type!r}: {first_line}", where="--format"
            ) from error
        finally:
            model.set_attn_implementation(usual)
    size = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    with _quiet():
        program.save(str(folder / FILE), external_data=size > _LARGEST_IN_ONE_FILE)


def input_names(opened: OpenedModel) -> list[str]:
    """Return the names of the file's inputs, each ``[batch, length]``."""
    names: Sequence[str] = opened.tokenizer.model_input_names
    return [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in names]


def opened_onnx(opened: OpenedModel, folder: Path) -> OpenedModel:
    """Return the same model run by ONNX Runtime on the CPU, with its weights in ``model.onnx``.

    Args:
        opened: whose file it is; its tokenizer and labels stay.
        folder: with the file.
    """
    return replace(opened, model=_Session(folder / FILE, input_names(opened)), folder=folder)  # type: ignore[arg-type]


class _LogitsOf(torch.nn.Module):
    """A model as a function from tensors in a fixed order to its logits."""

    def __init__(self, model: torch.nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.names = tuple(names)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(**dict(zip(self.names, inputs, strict=True))).logits
        return logits


class _Session(torch.nn.Module):
    """An ONNX file that is called like a model."""

    def __init__(self, file: Path, names: Sequence[str]) -> None:
        super().__init__()
        import onnxruntime

        self.names = tuple(names)
        self.session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def forward(self, **inputs: torch.Tensor) -> SimpleNamespace:
        ids = inputs["input_ids"]
        missing = {"attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
        given = {name: inputs.get(name, missing.get(name)) for name in self.names}
        arrays = {name: tensor.cpu().numpy().astype(np.int64) for name, tensor in given.items() if tensor is not None}
        return SimpleNamespace(logits=torch.from_numpy(self.session.run(None, arrays)[0]))


def _traced(model: torch.nn.Module, names: Sequence[str], rows: Any) -> Any:
    with _quiet(), torch.no_grad():
        return torch.onnx.export(
            _LogitsOf(model, names).eval(),
            tuple(rows[name] for name in names),
            dynamo=True,
            dynamic_shapes=(tuple(_AXES for _ in names),),
            input_names=list(names),
            output_names=["logits"],
            verbose=False,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's warnings about packages that it does not need and names that it gives twice."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
