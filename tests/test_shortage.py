"""Every library's own error of a full disk and of too little memory is caused and recognised."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models

from toolkit.shortage import is_full_disk, is_out_of_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
NUMBERS = np.arange(100_000, dtype=np.float32)
WORDS = {f"word-{i}": i for i in range(5_000)}
WRITERS: dict[str, Callable[[Path], object]] = {
    "torch": lambda folder: torch.save(torch.from_numpy(NUMBERS), folder / "a.pt"),
    "torch-many": lambda folder: torch.save([torch.arange(15_000.0), torch.arange(2_000.0)], folder / "a.pt"),
    "safetensors": lambda folder: save_file({"a": torch.from_numpy(NUMBERS)}, folder / "a"),
    "numpy": lambda folder: np.save(folder / "a.npy", NUMBERS),
    "zip": lambda folder: np.savez(folder / "a.npz", NUMBERS),
    "parquet": lambda folder: pq.write_table(pa.table({"a": NUMBERS}), folder / "a"),
    "tokenizers": lambda folder: Tokenizer(models.WordLevel(WORDS, unk_token="word-0")).save(str(folder / "a")),
    "vocabulary": lambda folder: models.WordLevel(WORDS, unk_token="word-0").save(str(folder)),
    "text": lambda folder: (folder / "a").write_text("x" * 100_000, encoding="utf-8"),
    "mapped": lambda folder: np.memmap(folder / "a", mode="w+", shape=(200_000,)),
}
HUGE = 1 << 40
ASKERS: dict[str, Callable[[], object]] = {
    "torch": lambda: torch.empty(HUGE, dtype=torch.uint8),
    "numpy": lambda: np.ones(HUGE, dtype=np.uint8),
    "python": lambda: bytearray(HUGE),
    "arrow": lambda: pa.allocate_buffer(HUGE),
}


def _error_of(act: Callable[[], object], kind: int, most: int) -> BaseException:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, before[1]))
    try:
        act()
    except Exception as error:
        return error
    finally:
        resource.setrlimit(kind, before)
    raise AssertionError("nothing was refused")


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_cannot_grow(name: str, tmp_path: Path):
    error = _error_of(lambda: WRITERS[name](tmp_path), resource.RLIMIT_FSIZE, 40_960)
    assert is_full_disk(error), repr(error)
    assert not is_out_of_memory(error)


@pytest.mark.parametrize("name", ASKERS)
def test_memory_that_cannot_be_had(name: str):
    held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    error = _error_of(ASKERS[name], resource.RLIMIT_AS, held + (1 << 30))
    assert is_out_of_memory(error), repr(error)
    assert not is_full_disk(error)


def test_other_errors_are_neither():
    for error in (FileNotFoundError(2, "No such file or directory"), ValueError("a number"), PermissionError(13, "no")):
        assert not is_full_disk(error)
        assert not is_out_of_memory(error)
