"""Documents agree with the code: sections that are cited; paths, modules, links, layers and tasks that are named."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

from toolkit.names import SPECS

ROOT = Path(__file__).resolve().parents[1]
DESIGN = ROOT / "docs" / "design.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "model_cards" / "README.md"])
SOURCES = sorted(path for name in ("toolkit", "tests", "benchmarks") for path in (ROOT / name).rglob("*.py"))

CITATION = re.compile(r"design\.md,[\s#]+section[\s#]+(\d(?:\.\d)?)")
HEADING = re.compile(r"^#+ (\d(?:\.\d)?)\.? ", re.MULTILINE)
PATH = re.compile(r"(?<![\w/.<-])(?:toolkit|tests|recipes|benchmarks|docs|model_cards)/[\w./*-]*[\w*]")
MODULE = re.compile(r"(?<![\w/.-])toolkit(?:\.\w+)+")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")

document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def test_every_cited_section_of_the_design_is_there():
    headings = set(HEADING.findall(DESIGN.read_text(encoding="utf-8")))
    cited = {path: CITATION.findall(path.read_text(encoding="utf-8")) for path in SOURCES if path != Path(__file__)}
    assert sum(map(len, cited.values())) > 10
    assert {path.name: set(sections) - headings for path, sections in cited.items() if set(sections) - headings} == {}


def test_a_citation_of_the_design_names_a_section():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if path != Path(__file__):
            assert text.lower().count("design.md") == len(CITATION.findall(text)), path


@document
def test_every_path_that_a_document_names_is_there(document: Path):
    missing = [name for name in PATH.findall(document.read_text(encoding="utf-8")) if not any(ROOT.glob(name))]
    assert missing == []


def test_every_file_of_the_room_that_is_described_is_there():
    text = (ROOT / "docs" / "adding-a-task.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+\.(?:py|html\.jinja))`", text))
    room = {path.name for path in (ROOT / "toolkit" / "tasks" / "token_classification").iterdir()}
    assert named - room == set()


@document
def test_every_module_that_a_document_names_is_there(document: Path):
    for name in set(MODULE.findall(document.read_text(encoding="utf-8"))):
        pkgutil.resolve_name(name)


@document
def test_every_relative_link_leads_somewhere(document: Path):
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["docs/design.md", "CONTRIBUTING.md"])
def test_the_layers_are_those_that_are_checked(name: str):
    """Both documents list them from top to bottom, in the block below "Import layers"."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    _, _, below = (ROOT / name).read_text(encoding="utf-8").partition("Import layers")
    block = re.search(r"(?:^ {4}\S.*\n)+", below, re.MULTILINE)
    assert block is not None
    told = [re.split(r" {2,}", line.strip())[0] for line in block[0].splitlines()]
    assert _names(told) == _names(layer for layer in layers if layer != "__main__")


def _names(layers: object) -> list[str]:
    return re.findall(r"\w+", " ".join(layers))  # type: ignore[arg-type]


def test_the_design_has_a_row_for_every_task_with_its_metrics():
    section = DESIGN.read_text(encoding="utf-8").partition("### 4.7")[2].partition("### 4.8")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    told: dict[str, set[tuple[str, ...]]] = {}
    for task, _, _, metrics, *_ in rows[1:]:
        told.setdefault(task.partition(",")[0], set()).add(tuple(re.findall(r"\w+", metrics)))
    assert told == {
        task.value: set(spec.problems.values()) if spec.problems else {spec.metrics} for task, spec in SPECS.items()
    }
