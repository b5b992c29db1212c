"""Make a data set of headlines from the docstrings of the packages that are installed here.

The first line of a docstring says in one sentence what its other paragraphs explain (PEP 257), so it is a summary
that a person has written. Packages are read as text, and nothing of them is imported. Rows of one package stand in one
split alone, because the functions of a package repeat each other's sentences.

    python benchmarks/headlines.py --output data/headlines
    toolkit fine-tune summarize-t5 model.name=packaged:minilm2minilm data.source=null data.columns={} data.prompt=null
        data.max_length=256 data.train=data/headlines/train.jsonl data.validation=data/headlines/validation.jsonl
        data.test=data/headlines/test.jsonl
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import inspect
import json
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

HEADLINE = range(20, 121)
TEXT = range(200, 1501)
"""How many characters a row's parts have."""
SECTION = re.compile(
    r"^(\s*[-=~]{3,}\s*$|\s*(Args|Arguments|Parameters|Returns?|Yields?|Raises|Examples?|Notes?|References|See Also"
    r"|Attributes|Inputs?|Outputs?|Shape|Usage|Methods|Warnings?)\s*:*\s*$|\s*(>>>|\.\. |:\w+|```|@|- |\* |\|))",
    re.IGNORECASE,
)
"""Where a docstring's prose ends: a section's title, an example, a directive, a list."""


def docstrings(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the package and the docstring of each module, class and function in a folder of packages."""
    for file in sorted(folder.glob("*/**/*.py")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, ValueError):  # templates and tests of parsers
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = ast.get_docstring(node)
                if docstring:
                    yield file.relative_to(folder).parts[0], docstring


def row_of(docstring: str) -> tuple[str, str] | None:
    """Return the prose and the headline of a docstring; None where it lacks one of them."""
    headline, _, rest = inspect.cleandoc(docstring).partition("\n\n")
    lines: list[str] = []
    for line in rest.splitlines():
        if SECTION.match(line):
            break
        lines.append(line)
    if lines and SECTION.match(f"{lines[-1]}:"):
        lines.pop()  # the title above a line of dashes
    headline, text = (
        " ".join(part.split()).replace("``", "").replace("`", "") for part in (headline, "\n".join(lines))
    )
    if len(headline) not in HEADLINE or len(text) not in TEXT or not headline.endswith("."):
        return None
    return text, headline


def split_of(package: str) -> str:
    """Return the split of a package's rows: a tenth each for validation and test, by a digest of its name."""
    number = int(hashlib.sha256(package.encode()).hexdigest(), 16) % 10
    return {0: "validation", 1: "test"}.get(number, "train")


def main() -> None:
    """Write the splits and say how many rows each has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, default=Path(sysconfig.get_path("purelib")), help="folder of packages")
    parser.add_argument("--output", type=Path, required=True, help="folder for train, validation and test.jsonl")
    arguments = parser.parse_args()
    rows: dict[tuple[str, str], str] = {}
    for package, docstring in docstrings(arguments.packages):
        row = row_of(docstring)
        if row is not None:
            rows.setdefault(row, package)
    arguments.output.mkdir(parents=True, exist_ok=True)
    headlines: set[str] = set()
    splits: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for (text, headline), package in rows.items():
        if headline not in headlines:  # copied functions have copied headlines
            headlines.add(headline)
            line = json.dumps({"source": text, "target": headline, "package": package}, ensure_ascii=False)
            splits[split_of(package)].append(line)
    for split, lines in splits.items():
        (arguments.output / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{split}: {len(lines)} rows")


if __name__ == "__main__":
    main()
