"""The card in a run's folder, recognised as one of the toolkit's, so that it can be written again in its language."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from toolkit.hub.card.refresh import card_of
from toolkit.language.spoken import LANGUAGES

_CARD = "README.md"
_REPOSITORY = re.compile(r"^hf download (\S+) recipe\.yaml", re.MULTILINE)


def own_card(run: Path) -> Callable[[], str] | None:
    """Return what renders a run's card anew in its language, for its repository; None where it is none of ours.

    Args:
        run: its folder.
    """
    file = run / _CARD
    if not file.is_file():
        return None
    card = file.read_text(encoding="utf-8", errors="replace")
    named = _REPOSITORY.search(card)
    for language, adapter in itertools.product(LANGUAGES, (False, True)):
        render = partial(card_of, run, language=language, repo_id=named[1] if named else None, adapter=adapter)
        if render() == card:
            return render
    return None
