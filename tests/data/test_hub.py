from __future__ import annotations

import time

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from huggingface_hub import constants

from toolkit.data import hub_datasets as hub
from toolkit.data.hub_datasets import HubId, parse_hub_id
from toolkit.data.sources import read_table
from toolkit.errors import HubError, RecipeError

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})


def a_split(n_rows: int) -> Dataset:
    rows = {"text": [f"t{i}" for i in range(n_rows)], "label": [i % 2 for i in range(n_rows)]}
    return Dataset.from_dict(rows, features=FEATURES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("org/name", HubId("org/name")),
        ("org/name@v1.0:test", HubId("org/name", "v1.0", "test")),
        ("org/name@refs/convert/parquet", HubId("org/name", "refs/convert/parquet")),
        ("org/name:train", HubId("org/name", None, "train")),
        ("name", None),
        ("a/b/c", None),
    ],
)
def test_hub_ids(source, expected):
    assert parse_hub_id(source) == expected


def test_offline_is_an_error_at_once_that_names_what_there_is():
    start = time.monotonic()
    with pytest.raises(HubError) as caught:
        read_table("nobody/nothing-at-all")
    assert time.monotonic() - start < 5
    assert caught.value.exit_code == 5
    assert "packaged:rotten-tomatoes" in str(caught.value)
    assert str(caught.value).startswith("nobody/nothing-at-all: not in the cache")


def test_without_a_network_nothing_waits(monkeypatch):
    """The variable is not set, and the hub's address leads nowhere: no retries, the same error."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(HubError, match="the hub is not to be reached"):
        read_table("nobody/nothing-at-all")
    assert time.monotonic() - start < hub.CONNECT_SECONDS + 4
    assert (datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE) == (False, False)


@pytest.fixture
def a_hub_data_set(monkeypatch):
    asked = {}

    def load(path, **options):
        asked.update(options, path=path)
        return DatasetDict(train=a_split(4), test=a_split(2))

    monkeypatch.setattr(datasets, "load_dataset", load)
    return asked


def test_a_split_with_class_names(a_hub_data_set):
    table = read_table("org/name@v2:test", subset="en")
    assert a_hub_data_set == {"path": "org/name", "name": "en", "revision": "v2"}
    assert table.columns == {"text": ["t0", "t1"], "label": ["neg", "pos"]}
    assert table.categories == {"label": ("neg", "pos")}
    assert table.place(1) == ("org/name:test", 2)


def test_a_split_must_be_named_where_there_are_several(a_hub_data_set):
    with pytest.raises(RecipeError, match="several splits, train, test; name one: org/name:<split>"):
        read_table("org/name")
    with pytest.raises(HubError, match="no split 'tset'; did you mean 'test'"):
        read_table("org/name:tset")


def test_a_failing_configuration_points_to_the_subset(monkeypatch):
    def load(path, **options):
        raise ValueError("Config name is missing.\nPlease pick one among the available configs: ['a', 'b']")

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(HubError, match=r"Config name is missing.*data\.subset"):
        read_table("org/name")
