"""A model as an ONNX file, and that file in the place of the model, so that it can be asked like one."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from toolkit.adapters import OpenedModel
from toolkit.adapters.quiet import quiet_library
from toolkit.errors import RecipeError
from toolkit.names import SPECS, Family, Task
from toolkit.shortage import is_full_disk

FILE = "model.onnx"
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


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


def write_onnx(opened: OpenedModel, folder: Path, *, int8: bool = False) -> None:
    """Write ``model.onnx``, its weights beside it, and ``export.json``, by which the library opens it again.

    It leads from token ids to logits, for any number of rows of any length. The exporter is the library's.

    Args:
        opened: with its head; stays as it is.
        folder: exists.
        int8: weights in 8 bits, and what they meet rounded to 8 bits as it comes.

    Raises:
        RecipeError: if the library cannot express the model, saying where it gave up.
    """
    from transformers.exporters.configs import OnnxConfig
    from transformers.exporters.exporter_onnx import OnnxExporter
    from transformers.exporters.quantizers.quantizer_onnxruntime import OnnxRuntimeDynamicConfig, OnnxRuntimeQuantizer

    rows = opened.tokenizer(["a b", "a b c d"], padding=True, truncation=True, max_length=8, return_tensors="pt")
    model: Any = opened.model.to("cpu").eval()  # type: ignore[arg-type]
    try:
        with _quiet(), torch.no_grad():
            # Weights of 7 bits: processors without the newer instructions add products in 16 bits, which 8 overflow.
            rounding = OnnxRuntimeQuantizer(OnnxRuntimeDynamicConfig(per_channel=True, reduce_range=True))
            config = OnnxConfig(dynamic=True, quantizer=rounding if int8 else None)
            given = {name: rows[name] for name in input_names(opened)}
            exporter: Any = OnnxExporter()  # type: ignore[no-untyped-call]
            exporter.export(_LogitsOf(model), given, config).save_pretrained(folder)
    except Exception as error:  # it gives up with errors of many kinds
        if is_full_disk(error):
            raise
        first_line = str(error).strip().split("\n")[0][:200]
        raise RecipeError(
            f"the library cannot export a model of the type {model.config.model_type!r}: {first_line}",
            where="--format",
        ) from error


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
    """A model that gives its logits alone, and no cache of keys and values."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        kinds = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        return {"logits": self.model(input_ids=input_ids, attention_mask=attention_mask, **kinds).logits}


class _Session(torch.nn.Module):
    """An ONNX file that is called like a model."""

    def __init__(self, file: Path, names: Sequence[str]) -> None:
        super().__init__()
        import onnxruntime

        self.names = tuple(names)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()  # it would count the machine's, and not those we may use
        self.session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def forward(self, **inputs: torch.Tensor) -> SimpleNamespace:
        ids = inputs["input_ids"]
        missing = {"attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
        given = {name: inputs.get(name, missing.get(name)) for name in self.names}
        arrays = {name: tensor.cpu().numpy().astype(np.int64) for name, tensor in given.items() if tensor is not None}
        return SimpleNamespace(logits=torch.from_numpy(self.session.run(["logits"], arrays)[0]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's steps, and its warnings about tested versions and names that it gives twice."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "root")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), quiet_library(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
