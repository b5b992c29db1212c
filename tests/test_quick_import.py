"""Imports without garbage collection: what they make is left alone afterwards, and collection goes on as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from toolkit.quick_import import quick_import


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("enabled", [True, False])
def test_collection_pauses_and_goes_on_as_it_was(enabled: bool):
    (gc.enable if enabled else gc.disable)()
    with quick_import():
        assert not gc.isenabled()
        made = {"module": {}}
    assert gc.isenabled() == enabled
    assert not any(one is made for one in gc.get_objects())  # no later collection looks at it


def test_an_import_that_fails_leaves_collection_on():
    gc.enable()
    with pytest.raises(ImportError), quick_import():
        raise ImportError("no such library")
    assert gc.isenabled()
