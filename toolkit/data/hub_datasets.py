"""Data sets of the Hugging Face hub as tables; nothing waits for a missing network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from toolkit.data.packaged import PACKAGED_DATA, PREFIX
from toolkit.data.readers_arrow import from_arrow
from toolkit.data.tables import Table
from toolkit.errors import HubError, explain
from toolkit.hub_protocol import plain_transfers
from toolkit.shortage import full_disk, is_full_disk

CONNECT_SECONDS = 3.0
_HUB_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:\s]+))?(?::(?P<split>\w+))?")


@dataclass(frozen=True)
class HubId:
    """The parts of ``org/name[@revision][:split]``."""

    name: str
    revision: str | None = None
    split: str | None = None


def parse_hub_id(source: str) -> HubId | None:
    """Return the parts of a hub id, or None if the text is no hub id."""
    match = _HUB_ID.fullmatch(source)
    return HubId(**match.groupdict()) if match is not None else None


def read_hub(source: HubId, *, subset: str | None = None) -> dict[str, Table]:
    """Read each split of a hub data set, or the split that the id names.

    Without a network, and with ``HF_HUB_OFFLINE=1``, only the local cache is read.

    Args:
        source: the data set.
        subset: the name of a configuration, if the data set has several.

    Raises:
        HubError: no such data set, revision, subset or split, or none in the cache without a network.
        ResourceError: the disk is full.
    """
    splits = _load(source, subset=subset)
    if source.split is not None:
        if source.split not in splits:
            raise HubError(
                explain(f"no split {source.split!r}", allowed=list(splits), name=source.split),
                where=source.name,
            )
        splits = {source.split: splits[source.split]}
    return {str(name): from_dataset(dataset, f"{source.name}:{name}") for name, dataset in splits.items()}


def reachable() -> bool:
    """Return whether the hub answers within a few seconds; False at once with ``HF_HUB_OFFLINE=1``."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=CONNECT_SECONDS)
    except Exception:  # whatever the reason (name, route, proxy, certificate), the hub is not to be reached
        return False
    return True


def _load(source: HubId, *, subset: str | None) -> dict[str, Any]:
    from datasets import config, load_dataset
    from datasets.exceptions import DatasetNotFoundError

    online = reachable()
    try:
        with _only_the_cache(not online), plain_transfers():
            loaded = load_dataset(source.name, name=subset, revision=source.revision)
    except DatasetNotFoundError as error:
        raise HubError(f"{_first_line(error)} {_advice()}", where=source.name) from error
    except ConnectionError as error:
        found = "not in the cache, and the hub is " + ("not answering" if online else "not to be reached")
        raise HubError(explain(found, fix=_advice()), where=source.name) from error
    except OSError as error:
        if is_full_disk(error):
            raise full_disk(config.HF_DATASETS_CACHE, fix="make room, or set HF_HOME") from error
        raise HubError(f"{_first_line(error)} {_advice()}", where=source.name) from error
    except (ValueError, RuntimeError) as error:
        fix = "the name of a configuration goes into data.subset" if "onfig" in str(error) else _advice()
        raise HubError(explain(_first_line(error), fix=fix), where=source.name) from error
    return dict(loaded)


def from_dataset(dataset: Any, name: str) -> Table:
    """Return a data set as a table; class numbers become their names.

    Args:
        dataset: a ``datasets.Dataset``.
        name: its name in messages.

    Raises:
        DataError: as `toolkit.data.readers_arrow.from_arrow`.
    """
    from datasets import ClassLabel

    # A list of class numbers has the feature of its items in `feature`.
    items = {column: getattr(feature, "feature", feature) for column, feature in dataset.features.items()}
    categories = {column: tuple(item.names) for column, item in items.items() if isinstance(item, ClassLabel)}
    return from_arrow(dataset.with_format("arrow")[:], name=name, categories=categories)


@contextmanager
def _only_the_cache(offline: bool) -> Iterator[None]:
    """Keep both libraries from the network within a block: they would retry for most of a minute."""
    import datasets.config
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    if offline:
        datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


def _advice() -> str:
    known = ", ".join(PREFIX + name for name in PACKAGED_DATA)
    return f"without a network there are: {known}, and any local file"


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0]
