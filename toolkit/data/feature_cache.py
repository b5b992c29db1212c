"""Features of texts on disk, so that a frozen model reads each text once over all splits and runs.

A folder belongs to one model and one way to read a text with it. It holds shards: safetensors files with the keys of
some texts and their vectors, one tensor a layer. The name of a shard is the digest of its bytes. So damage is detected,
two processes that write the same shard write the same file, and a reader needs no lock. Missing vectors are computed.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from toolkit.cache import cache_folder, keeping, was_used
from toolkit.cache.limit import written
from toolkit.data.feature_table import KEY_BYTES, FeatureTable, Places, Vectors, digest_of
from toolkit.files import replacing, sha256_file
from toolkit.progress import warn

_FORMAT = 1  # another number where the same texts and models would give other vectors
_NAME_LENGTH = 32  # hex digits of a shard's digest
_KEYS = "keys"
_LOCK_SECONDS = 600


def features_folder() -> Path:
    """Return the folder of features: ``features`` in the toolkit's cache folder."""
    return cache_folder() / "features"


class FeatureCache:
    """The features of one model on disk.

    Args:
        model: digest of the model's files.
        settings: other settings that change vectors, such as the pooling.
    """

    def __init__(self, model: str, settings: Mapping[str, str | int]) -> None:
        name = "-".join(f"{value}" for value in (*settings.values(), f"v{_FORMAT}"))
        self.folder = features_folder() / model[:_NAME_LENGTH] / name
        self._writes = True

    def fill(self, table: FeatureTable) -> None:
        """Read the vectors that a table lacks from shards that are new since the last call; remove damaged shards."""
        for file in sorted(self.folder.glob("*.safetensors")):
            if file.name not in table.looked_at:
                table.looked_at.add(file.name)
                try:
                    _read(file, table)
                except (SafetensorError, ValueError):
                    warn(f"{file}: damaged features are taken anew")
                    with contextlib.suppress(OSError):
                        file.unlink()
                except OSError:
                    continue  # what cannot be read is computed

    def add(self, table: FeatureTable, places: Places, vectors: Mapping[int, Vectors]) -> None:
        """Write vectors of some texts as a shard; if that is impossible, warn once and go on without writing."""
        keys = np.frombuffer(b"".join(table.keys[place] for place in places), dtype=np.uint8)
        tensors: dict[str, NDArray[Any]] = {str(layer): values for layer, values in vectors.items()}
        data = save({_KEYS: keys.reshape(-1, KEY_BYTES), **tensors})
        name = f"{hashlib.sha256(data).hexdigest()[:_NAME_LENGTH]}.safetensors"
        table.looked_at.add(name)
        if not self._writes:
            return
        with keeping("features"):
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(self.folder / name) as temporary:
                temporary.write_bytes(data)
            written(len(data))
            return
        self._writes = False

    @contextlib.contextmanager
    def claimed(self, table: FeatureTable, places: Places, *, wait: bool) -> Iterator[bool]:
        """Keep other processes from computing the same texts; yield False if another process computes them.

        The lock only saves work. No file depends on it, so it is left out where there can be none.

        Args:
            table, places: the texts.
            wait: whether to wait for the other process and then yield True in any case.
        """
        name = digest_of(b"".join(table.keys[place] for place in places)).hex()
        lock = FileLock(self.folder / f"{name}.lock", timeout=_LOCK_SECONDS if wait else 0)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            is_ours = True
        except Timeout:
            is_ours = wait
        except (OSError, NotImplementedError):
            is_ours = True
        try:
            yield is_ours
        finally:
            if lock.is_locked:
                with contextlib.suppress(OSError):
                    Path(lock.lock_file).unlink(missing_ok=True)
                lock.release()


def complete(
    table: FeatureTable,
    units: Sequence[Places],
    compute: Callable[[Places], Mapping[int, Vectors]],
    *,
    cache: FeatureCache | None,
    skipped: Callable[[int], None],
) -> None:
    """Compute the vectors that a table lacks, unit by unit; each unit is on disk before the next begins.

    Units that another process computes are left for last, as it has mostly finished them by then.

    Args:
        table: gets the vectors.
        units: indices of texts, in the order of the work.
        compute: returns the vectors of every layer of the table for some indices.
        cache: the features on disk, or None to keep none.
        skipped: is called with the number of texts that need no computing.
    """
    wait = False
    while units:
        left = []
        for unit in units:
            claim = contextlib.nullcontext(True) if cache is None else cache.claimed(table, unit, wait=wait)
            with claim as is_ours:
                if not is_ours:
                    left.append(unit)
                    continue
                if cache is not None:
                    cache.fill(table)
                places = np.intersect1d(unit, table.missing())
                skipped(len(unit) - len(places))
                if len(places):
                    vectors = compute(places)
                    for layer, values in vectors.items():
                        table.put(layer, places, values)
                    if cache is not None:
                        cache.add(table, places, vectors)
        wait = len(left) == len(units)
        units = left


def _read(file: Path, table: FeatureTable) -> None:
    """Read the vectors of a table's texts from a shard.

    Raises:
        ValueError: the shard is damaged.
    """
    with safe_open(file, framework="np") as shard:
        layers = [layer for layer in table.layers if str(layer) in shard.keys()]  # noqa: SIM118, it is no dict
        if not layers:
            return
        packed = np.ascontiguousarray(shard.get_tensor(_KEYS)).tobytes()
        keys = [packed[start : start + KEY_BYTES] for start in range(0, len(packed), KEY_BYTES)]
        rows = [row for row, key in enumerate(keys) if key in table.place]
        if not rows:
            return
        if sha256_file(file)[:_NAME_LENGTH] != file.stem:
            raise ValueError("the bytes are not those that were written")
        places = np.array([table.place[keys[row]] for row in rows], dtype=np.int64)
        was_used(file)
        for layer in layers:
            table.put(layer, places, shard.get_tensor(str(layer))[rows])
