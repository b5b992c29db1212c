"""Facts of a run that page, terminal and model card share, and figures with their units."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath

from toolkit.data.packaged import PREFIX
from toolkit.data.wording import counted
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.run_result import RunResult

_DECIMAL_STEP = 1000
_KWH = "_kwh"
NOT_MEASURED = "not measured"


def title(result: RunResult) -> str:
    """Return the model's name as the beginning of a heading."""
    name = result.model
    return name[0].upper() + name[1:] if name == OWN_TRANSFORMER else name


def sources(result: RunResult) -> list[str]:
    """Return the sources of the data by name; of a packaged collection of many files only the collection."""
    named = result.data.source.split(", ")
    return list(dict.fromkeys(n.partition("/")[0] if n.startswith(PREFIX) else n for n in named))


def heading(result: RunResult) -> tuple[str, str]:
    """Return model and data as a heading names them: the first source alone, and no folders of this machine."""
    return _last_part(title(result)), " + ".join(map(_last_part, sources(result)[0].split(" + ")))


def _last_part(name: str) -> str:
    """Return the file's name of a full path; other names stay."""
    return next((path.name for path in (PurePosixPath(name), PureWindowsPath(name)) if path.is_absolute()), name)


def costs(cost: Mapping[str, float | None]) -> list[tuple[str, str]]:
    """Return every known figure in words, with the unit that its name ends in; of energy also what is not measured.

    Args:
        cost: of a run.
    """
    energy = {f"{name.removesuffix(_KWH)} energy": value for name, value in cost.items() if name.endswith(_KWH)}
    return [
        *(_cost(name, value) for name, value in cost.items() if value is not None and not name.endswith(_KWH)),
        *((name, NOT_MEASURED if value is None else amount(1000 * value, "Wh")) for name, value in energy.items()),
    ]


def count(number: int, noun: str = "") -> str:
    """Return ``1,000 rows`` for 1000 and "row"."""
    return counted(number, noun) if noun else f"{number:,}"


def duration(seconds: float) -> str:
    """Return ``2 min 50 s`` for 170.1: two units at most, the smaller one left out where it is 0."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    units = ((hours, "h"), (minutes, "min")) if hours else ((minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in units if number)


def amount(value: float, unit: str = "") -> str:
    """Return ``1.90 GB`` for 1,900,000,000 and "B": three digits and a decimal prefix."""
    prefixes = iter(("", "k", "M", "G"))
    prefix = next(prefixes)
    for larger in prefixes:
        if value < _DECIMAL_STEP:
            break
        value, prefix = value / _DECIMAL_STEP, larger
    digits = f"{value:.3g}" if value < _DECIMAL_STEP else f"{value:.0f}"
    return f"{digits} {prefix}{unit}".strip()


def _cost(name: str, value: float) -> tuple[str, str]:
    words, _, unit = name.rpartition("_")
    words = words.replace("_", " ")
    if unit == "seconds":
        return f"{words} time", duration(value)
    if unit == "bytes":
        return (words if words.endswith("memory") else f"{words} size"), amount(value, "B")
    if unit == "grams":
        return words, amount(value, "g")
    return name.replace("_", " "), f"{value:,}"
