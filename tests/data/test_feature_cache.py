"""Features on disk: found again by any run, whole or not there, computed once by two processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from toolkit.data.feature_cache import FeatureCache, complete, features_folder
from toolkit.data.feature_table import FeatureTable, Places, Vectors, text_keys

SETTINGS = {"pooling": "mean", "max_length": 8, "dtype": "float32"}
TEXTS = [f"문장 {number}" for number in range(12)]


@pytest.fixture(autouse=True)
def cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Reader:
    """Stands for a model: the vector of the text at a place is its number, then the layer."""

    def __init__(
        self, layers: Sequence[int] = (-1,), *, stops_after: int | None = None, log: Path | None = None
    ) -> None:
        self.layers, self.read, self.stops_after, self.log = layers, [], stops_after, log

    def __call__(self, places: Places) -> Mapping[int, Vectors]:
        if self.stops_after is not None and len(self.read) >= self.stops_after:
            signal.raise_signal(signal.SIGINT)  # Ctrl-C
        self.read += places.tolist()
        if self.log is not None:
            time.sleep(0.05)
            with self.log.open("a") as stream:
                stream.writelines(f"{place}\n" for place in places)
        return {layer: expected(places, layer) for layer in self.layers}


def expected(places: Sequence[int], layer: int) -> Vectors:
    return np.array([[place, layer, 0.5] for place in places], dtype=np.float32)


def units(n_texts: int, size: int = 4) -> list[Places]:
    return np.split(np.arange(n_texts), range(size, n_texts, size))


def gathered(reader: Reader, texts: Sequence[str] = TEXTS, *, cache: FeatureCache | None = None) -> FeatureTable:
    table = FeatureTable(text_keys(texts), reader.layers)
    cache = cache or FeatureCache("a" * 64, SETTINGS)
    cache.fill(table)
    complete(table, units(len(texts)), reader, cache=cache, skipped=lambda _: None)
    everything = np.arange(len(texts))
    for layer in reader.layers:
        np.testing.assert_array_equal(table.joined([layer], everything)[:, 1:], expected(everything, layer)[:, 1:])
    return table


def shards() -> list[Path]:
    return sorted(features_folder().rglob("*.safetensors"))


def shard_of(place: int) -> Path:
    """The shard with the vector of a text."""
    return next(shard for shard in shards() if expected([place], -1).tobytes() in shard.read_bytes())


def test_keys_tell_texts_and_pairs_apart():
    assert text_keys(["한국어"]) == [hashlib.blake2b("한국어".encode(), digest_size=16).digest()]
    pairs = text_keys(["ab", "a", "c", "ab", ""], ["c", "bc", "ab", "", "ab"])
    assert len({*pairs, *text_keys(["abc", "ab", ""])}) == 8


def test_another_split_finds_what_is_there_and_computes_the_rest():
    first = Reader()
    gathered(first, TEXTS[:5])
    assert first.read == [0, 1, 2, 3, 4]
    second = Reader()
    table = gathered(second, [TEXTS[7], TEXTS[2], TEXTS[4]])
    assert second.read == [0]
    # In the first table these were the texts 2 and 4.
    np.testing.assert_array_equal(table.joined([-1], np.array([2, 1])), expected([4, 2], -1))


def test_another_layer_is_another_matter_and_both_are_joined():
    gathered(Reader((-1,)))
    other = Reader((0,))
    gathered(other)
    assert len(other.read) == len(TEXTS)
    both = Reader((0, -1))
    table = gathered(both)
    assert both.read == []
    np.testing.assert_array_equal(
        table.joined([-1, 0], np.array([3])), np.hstack([expected([3], -1), expected([3], 0)])
    )


@pytest.mark.parametrize("other", [{"pooling": "cls"}, {"max_length": 9}, {"dtype": "bfloat16"}])
def test_other_settings_or_another_model_share_nothing(other: dict[str, str | int]):
    gathered(Reader())
    for cache in (FeatureCache("a" * 64, SETTINGS | other), FeatureCache("b" * 64, SETTINGS)):
        reader = Reader()
        gathered(reader, cache=cache)
        assert len(reader.read) == len(TEXTS)


def test_interrupted_work_goes_on_at_the_next_unit():
    with pytest.raises(KeyboardInterrupt):
        gathered(Reader(stops_after=8))
    reader = Reader()
    gathered(reader)
    assert reader.read == [8, 9, 10, 11]


@pytest.mark.parametrize("damage", ["vector", "key", "cut", "empty", "other bytes"])
def test_damaged_shard_is_seen_and_taken_anew(damage: str, caplog: pytest.LogCaptureFixture):
    gathered(Reader())
    victim = shard_of(4)
    data = bytearray(victim.read_bytes())
    # Vectors come first behind the header, keys last.
    at = {"vector": len(data) - 4 * 16 - 3, "key": len(data) - 1}.get(damage)
    if at is not None:
        data[at] ^= 1
    written = {"cut": data[:-7], "empty": b"", "other bytes": b"x" * len(data)}.get(damage, data)
    victim.write_bytes(written)
    reader = Reader()
    gathered(reader)
    assert reader.read == [4, 5, 6, 7]
    assert f"{victim}: damaged features are taken anew" in caplog.text
    again = Reader()
    gathered(again)
    assert again.read == []


def test_the_same_vectors_are_the_same_file():
    gathered(Reader())
    names = shards()
    for shard in names:
        assert hashlib.sha256(shard.read_bytes()).hexdigest().startswith(shard.stem)
    features_folder().rename(features_folder().with_name("away"))
    gathered(Reader())
    assert shards() == names
    assert not list(features_folder().rglob("*.lock"))


def test_folder_that_cannot_be_written_costs_a_warning_only(cache_home: Path, caplog: pytest.LogCaptureFixture):
    cache_home.write_text("a file", encoding="utf-8")
    reader = Reader()
    gathered(reader)
    assert len(reader.read) == len(TEXTS)
    assert caplog.text.count("features are not kept") == 1


def _work(log: Path) -> None:
    gathered(Reader(log=log), [f"text {number}" for number in range(40)])


def test_two_processes_share_the_work(tmp_path: Path):
    log = tmp_path / "log"
    processes = [multiprocessing.get_context("spawn").Process(target=_work, args=(log,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(map(int, log.read_text().split())) == list(range(40))
