"""Sources that a recipe can name, read as tables of text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from toolkit.data.byte_streams import PACKED
from toolkit.data.held import PREFIX as MEMORY
from toolkit.data.held import read_held
from toolkit.data.hub_datasets import parse_hub_id, read_hub
from toolkit.data.packaged import PREFIX
from toolkit.data.packaged_data import read_packaged
from toolkit.data.readers_arrow import read_arrow, read_parquet
from toolkit.data.readers_conll import is_conll, read_conll
from toolkit.data.readers_json import read_json, read_json_lines
from toolkit.data.readers_sheets import read_excel, read_ods
from toolkit.data.readers_text import CSV, TSV, read_delimited, read_parallel, read_text
from toolkit.data.tables import Table, concatenate
from toolkit.errors import DataError, Fault, RecipeError, explain, nearest
from toolkit.progress import warn
from toolkit.recipe.where_from import where_data_are_from

Source: TypeAlias = str | list[str] | dict[str, str]
"""A file, packaged or hub data set; a list of these; or line-parallel text files by column."""


@dataclass(frozen=True)
class Options:
    """Options for reading text files.

    Attributes:
        encoding: their encoding, or None to detect it.
        quoting: whether quotes enclose cells, or None for the custom of the format.
        format: of files whose suffix does not tell it, such as ``conll``; None: the suffix does.
        sheet: the name of a sheet of a spreadsheet, or None for its first one.
    """

    encoding: str | None = None
    quoting: bool | None = None
    format: str | None = None
    sheet: str | None = None


READERS: dict[str, Callable[[Path, Options], Table]] = {
    ".csv": lambda path, options: read_delimited(path, own=CSV, quoting=options.quoting, encoding=options.encoding),
    ".tsv": lambda path, options: read_delimited(path, own=TSV, quoting=options.quoting, encoding=options.encoding),
    ".json": lambda path, options: read_json(path, encoding=options.encoding),
    ".jsonl": lambda path, options: read_json_lines(path, encoding=options.encoding),
    ".ndjson": lambda path, options: read_json_lines(path, encoding=options.encoding),
    ".txt": lambda path, options: read_text(path, quoting=options.quoting, encoding=options.encoding),
    ".parquet": lambda path, _: read_parquet(path),
    ".arrow": lambda path, _: read_arrow(path),
    ".feather": lambda path, _: read_arrow(path),
    ".xlsx": lambda path, options: read_excel(path, sheet=options.sheet),
    ".xlsm": lambda path, options: read_excel(path, sheet=options.sheet),
    ".ods": lambda path, options: read_ods(path, sheet=options.sheet),
    ".conll": lambda path, options: read_conll(path, encoding=options.encoding),
    ".bio": lambda path, options: read_conll(path, encoding=options.encoding),
}
"""The reader of each data suffix; a new format is a line here."""

_TEXT_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt")
_MAY_BE_CONLL = (".tsv", ".txt")
_SHEET_SUFFIXES = (".xlsx", ".xlsm", ".ods")

DATA_SUFFIXES = (*READERS, *(text + packed for text in _TEXT_SUFFIXES for packed in PACKED))
"""The suffixes of data files, those of packed text among them, such as ``.csv.gz``."""


def data_suffix(name: str) -> str | None:
    """Return the suffix of a name of a data file, such as ``.csv.gz`` or that of ``book.xlsx#Sheet``; else None."""
    file = _file_and_sheet(name)[0].lower()
    return max((suffix for suffix in DATA_SUFFIXES if file.endswith(suffix)), key=len, default=None)


def _file_and_sheet(name: str) -> tuple[str, str | None]:
    """Return the file and the sheet in ``book.xlsx#Sheet``; a file that has such a name is itself."""
    file, mark, sheet = name.partition("#")
    if not mark or not file.lower().endswith(_SHEET_SUFFIXES) or Path(name).expanduser().is_file():
        return name, None
    return file, sheet


def read_table(
    source: Source, *, encoding: str | None = None, quoting: bool | None = None, subset: str | None = None
) -> Table:
    """Read all rows of a source as one table.

    Args:
        source: a file, perhaps ``book.xlsx#Sheet``, ``packaged:<name>``, a hub id ``org/name[@revision][:split]``, a
            list of these (rows beneath each other), or text files by column (lines beside each other).
        encoding: of text files; None detects it.
        quoting: whether quotes enclose cells; None means that they do in csv and do not in tsv.
        subset: the configuration of a hub data set, or the language of a packaged one.

    Raises:
        DataError: files that are missing, unreadable or broken; the faults of all files at once.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding or subset; a hub id of several splits that names none.
    """
    splits = read_splits(source, encoding=encoding, quoting=quoting, subset=subset)
    if len(splits) > 1:
        message = explain(f"the data set has several splits, {', '.join(splits)}", fix=f"name one: {source}:<split>")
        raise RecipeError(message, where=str(source))
    return next(iter(splits.values()))


def read_splits(
    source: Source,
    *,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
    format: str | None = None,
) -> dict[str, Table]:
    """Read a source as `read_table` does, but each split of a hub data set by its name.

    Any other source is one table under the name ``all``. Files have the `format` of `Options`.
    """
    options = Options(encoding=encoding, quoting=quoting, format=format)
    if isinstance(source, dict):
        _require_no_subset(subset)
        return {"all": read_parallel(_regular_files(source), encoding=encoding)}
    if isinstance(source, str) and (hub_id := parse_hub_id(source)) and not _is_file_name(source):
        return read_hub(hub_id, subset=subset)
    names = [source] if isinstance(source, str) else source
    tables: list[Table] = []
    faults: list[Fault] = []
    for name in names:
        try:
            tables.append(_read_one(name, options, subset=subset))
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(*faults)
    table = concatenate(tables)
    for note in table.notes:
        warn(note)
    return {"all": table}


def _read_one(name: str, options: Options, *, subset: str | None) -> Table:
    if name.startswith(PREFIX):
        return read_packaged(name.removeprefix(PREFIX), subset=subset)
    if name.startswith(MEMORY):
        return read_held(name)
    if parse_hub_id(name) and not _is_file_name(name):
        return read_table(name, subset=subset)
    _require_no_subset(subset)
    file, sheet = _file_and_sheet(name)
    suffix = data_suffix(name)
    reader = READERS.get(f".{options.format}" if options.format else _unpacked(suffix or ""))
    if reader is None and not Path(file).expanduser().is_dir():
        raise DataError(_no_reader(file), where=name)
    fault = not_a_file(file)
    if fault is not None or reader is None:
        raise DataError(fault or _no_reader(file))
    path = Path(file).expanduser()
    try:
        if suffix in _MAY_BE_CONLL and options.format is None and is_conll(path):
            table = read_conll(path, encoding=options.encoding)
            return replace(table, notes=(*table.notes, f"{name}: read as CoNLL, a token and its tag a line"))
        return reader(path, replace(options, sheet=sheet))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=name) from error


def _unpacked(suffix: str) -> str:
    packed = Path(f"x{suffix}").suffix
    return suffix.removesuffix(packed) if packed in PACKED else suffix


def _is_file_name(name: str) -> bool:
    """Return whether a name that could be a hub id is a file: by its suffix, or because its folder exists."""
    return data_suffix(name) is not None or Path(name).expanduser().parent.is_dir()


def _regular_files(files: Mapping[str, str]) -> dict[str, Path]:
    faults = [fault for name in files.values() if (fault := not_a_file(name)) is not None]
    if faults:
        raise DataError(*faults)
    return {column: Path(name).expanduser() for column, name in files.items()}


def files_of(source: Source) -> list[str]:
    """Return the names of a source that are files, as its reader would take them; of a sheet that of its book."""
    if isinstance(source, dict):
        return list(source.values())
    names = [source] if isinstance(source, str) else source
    return [
        _file_and_sheet(name)[0]
        for name in names
        if not name.startswith(PREFIX) and (not parse_hub_id(name) or _is_file_name(name)) and data_suffix(name)
    ]


def not_a_file(name: str) -> Fault | None:
    """Return the fault of a path that is not a regular file or a link to one, else None."""
    path = Path(name).expanduser()
    if path.is_file():
        return None
    if path.is_dir():
        return Fault(explain("a folder, not a file", fix="name a data file in it"), name)
    if path.exists():
        return Fault("neither a file nor a folder; data is read from regular files only", name)
    if "\\" in name and os.sep == "/":
        return Fault("no such file; backslashes separate folders on Windows only, write the path with /", name)
    if (origin := where_data_are_from(name)) is not None:
        return Fault(f"no such file; {origin}; lay it there, or name your own", name)
    if not path.parent.is_dir():
        return Fault(f"no such file; there is no folder {str(path.parent)!r} either", name)
    match = nearest(path.name, (child.name for child in path.parent.iterdir()))
    return Fault("no such file" + (f"; did you mean {match!r}?" if match is not None else ""), name)


def _no_reader(name: str) -> str:
    suffix = Path(name).suffix
    if suffix.lower() in (*PACKED, ".zip", ".7z"):
        return explain(f"compressed ({suffix}), and only packed text is read, such as .csv.gz", fix="unpack it first")
    kind = f"no reader for {suffix!r} files" if re.fullmatch(r"\.\w+", suffix) else "neither a data file nor a hub id"
    return explain(
        kind,
        allowed=tuple(READERS),
        name=suffix,
        fix=f"or {PREFIX}<name>, or a hub id org/name[@revision][:split]",
    )


def _require_no_subset(subset: str | None) -> None:
    if subset is not None:
        message = f"{subset!r} is for hub and packaged data sets; a file has no subsets, leave it out"
        raise RecipeError(message, where="data.subset")
