"""`toolkit cache`: what is kept to save time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from toolkit.cli import console

app = typer.Typer(
    help="What is kept to save time; all of it is made again where it is needed.",
    epilog=console.example("toolkit cache list"),
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list", epilog=console.example("toolkit cache list"))
def list_all(as_json: Json = False) -> None:
    """List what the cache holds: how much, since when it is unused, and what for."""
    from toolkit.cache import cache_folder
    from toolkit.cache.entries import entries
    from toolkit.cache.limit import VARIABLE, limit_bytes
    from toolkit.wording import table

    found = entries()
    total, limit, folder = sum(entry.n_bytes for entry in found), limit_bytes(), str(cache_folder())
    if as_json:
        listed = [entry.to_json() for entry in found]
        console.print_json({"folder": folder, "bytes": total, "limit_bytes": limit, "entries": listed})
        return
    kinds = {entry.kind: [other for other in found if other.kind == entry.kind] for entry in found}
    rows = [
        (kind, f"{len(of)}", _size(sum(it.n_bytes for it in of)), _day(of[-1].used), of[0].purpose)
        for kind, of in sorted(kinds.items(), key=lambda item: -sum(it.n_bytes for it in item[1]))
    ]
    if rows:
        header = ("kind", "entries", "size", "last used", "what for")
        console.print_lines(table(rows, header=header, ours=("what for",)))
    console.print_lines([f"{_size(total)} of {_size(limit)} ({VARIABLE}) in {folder}"])


@app.command(epilog=console.example("toolkit cache clear features"))
def clear(
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND]…", help="Kinds as `cache list` names them; none is all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Remove what the cache holds; models that a running process uses stay."""
    from toolkit.cache.entries import clear as carry_out

    went, stayed = carry_out(kinds or ())
    freed = sum(entry.n_bytes for entry in went)
    if as_json:
        removed = {"removed": [entry.to_json() for entry in went], "stayed": [entry.to_json() for entry in stayed]}
        console.print_json({**removed, "bytes": freed})
        return
    kept = [f"in use, or not to be removed: {entry.path}" for entry in stayed]
    console.print_lines([f"{len(went)} entries removed, {_size(freed)}", *kept])


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"
