"""Whether the licence of rows lets others have them: what is not known, or forbids it, keeps them here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from toolkit.errors import RecipeError
from toolkit.hub.card.data import licences
from toolkit.hub.card.known import licence_fault
from toolkit.hub.card.names import hub_data, public_source
from toolkit.hub.card.words import words_of
from toolkit.report import facts
from toolkit.run_result import RunResult

_SAYS_NOTHING = frozenset({"other", "unknown"})
_NO_DERIVATIVES = re.compile(r"(^|-)nd(-|$)")


@dataclass(frozen=True)
class RowsLicence:
    """The licence of some rows.

    Attributes:
        id: as the hub knows it; None: it is not known.
        hindrance: why the rows may not be passed on, as a clause; None where they may.
    """

    id: str | None
    hindrance: str | None


def licence_of_rows(result: RunResult, said: str | None, *, ask: Callable[[str], str | None]) -> RowsLicence:
    """Return the licence that was said, else the one that all sources state on the hub.

    A package is licensed itself, which says nothing of texts in it, and a file says nothing of itself.

    Args:
        result: of the run.
        said: by who pushes the rows; None: nothing.
        ask: returns the licence on the card of a data set of the hub; None where it has none, or is not to be had.

    Raises:
        RecipeError: what was said is no licence of the hub's.
    """
    if said is not None:
        if fault := licence_fault(said):
            raise RecipeError(fault, where="--data-license")
        return RowsLicence(said, _forbidden(said))
    sources = facts.sources(result)
    stated = {source: ask(found.name) if (found := hub_data(source)) else None for source in sources}
    unknown = [public_source(source) for source, licence in stated.items() if licence is None]
    if unknown:
        known = " ".join(map(str, licences(result, words_of("en"))))
        return RowsLicence(
            None, f"the licence of {', '.join(unknown)} is not known ({known}); who knows it says --data-license"
        )
    distinct = sorted({str(licence) for licence in stated.values()})
    if len(distinct) > 1:
        return RowsLicence(None, f"their sources have different licences: {', '.join(distinct)}")
    return RowsLicence(distinct[0], _forbidden(distinct[0]))


def _forbidden(licence: str) -> str | None:
    """Return why a licence lets nobody pass rows on that were divided and normalised, or None."""
    if licence in _SAYS_NOTHING:
        return f"the licence {licence!r} does not say that they may be passed on"
    if _NO_DERIVATIVES.search(licence):
        return f"{licence} lets nobody pass them on in another form, and these are divided and normalised"
    return None
