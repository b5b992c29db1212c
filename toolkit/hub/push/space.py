"""A demo of a published model: the folder of a Gradio Space, whose app is plain transformers and knows no toolkit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import RecipeError
from toolkit.files import write_text_atomically
from toolkit.hub.card.metadata import as_yaml
from toolkit.hub.card.usage import brings_code, literal, reads_pairs, text_function
from toolkit.names import Method, Problem
from toolkit.report import facts
from toolkit.report.label_facts import problem_of

GRADIO = "6.31.0"
"""What the app was written for; versions before 6.16 let strangers read files of the machine."""

SPACE_FOLDER = "space"
MOST_EXAMPLES = 5
_PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "huggingface_hub")

_APP = '''"""A demo of a model: plain transformers behind Gradio."""

import unicodedata

import gradio as gr
{imports}

MODEL = {model}
REVISION = {revision}  # None is the newest
EXAMPLES = [
{examples}
]

{opened}


def normal(text):
    """A text in the form in which the model read texts when it was trained."""
    return unicodedata.normalize("NFC", text)


def answer({arguments}):
    """What the model says."""
{body}


demo = gr.Interface(
    fn=answer,
    inputs=[{inputs}],
    outputs={outputs},
    examples=EXAMPLES,
    title={title},
    description={description},
    flagging_mode="never",
)

if __name__ == "__main__":
    demo.launch()
'''

_LABELLED = {
    Problem.SINGLE_LABEL: ("[scores] = pipe([{row}], top_k=None, truncation=True)", 'gr.Label(label="label")'),
    Problem.MULTI_LABEL: ("[scores] = pipe([{row}], top_k=None, truncation=True)", 'gr.Label(label="labels")'),
    Problem.REGRESSION: ("[scored] = pipe([{row}], truncation=True)", 'gr.Number(label="score")'),
}
_RETURNED = 'return {entry["label"]: entry["score"] for entry in scores}'


def write_space(
    folder: Path,
    *,
    repo_id: str,
    metrics: Mapping[str, Any],
    recipe: Mapping[str, Any],
    model_config: Mapping[str, Any] | None = None,
    revision: str | None = None,
    examples: Sequence[Mapping[str, str]] = (),
) -> Path:
    """Write ``app.py``, ``requirements.txt`` and ``README.md`` into the folder ``space`` of a folder.

    Args:
        folder: is there.
        repo_id: the repository of the model, whole: an adapter alone has no demo.
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        model_config: the model's ``config.json``, which tells whether it brings its own code.
        revision: the commit to open; one is to be named where that code is run.
        examples: rows to offer, ``text`` and perhaps ``text_pair``, besides that of the run.

    Returns:
        The new folder.

    Raises:
        RecipeError: the run has no model of its own.
        ResourceError: a file cannot be written.
    """
    if recipe.get("method") == Method.ZERO_SHOT:
        raise RecipeError("a run with method zero-shot has no model of its own to show; leave --space out")
    own_code = brings_code(recipe, model_config)
    space = folder / SPACE_FOLDER
    space.mkdir(exist_ok=True)
    app = _app(metrics, recipe, repo_id=repo_id, revision=revision, own_code=own_code, examples=examples)
    write_text_atomically(space / "app.py", app)
    write_text_atomically(space / "requirements.txt", _requirements(metrics))
    write_text_atomically(space / "README.md", _readme(recipe, repo_id))
    return space


def _app(
    metrics: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    repo_id: str,
    revision: str | None,
    own_code: bool,
    examples: Sequence[Mapping[str, str]],
) -> str:
    columns = ("text", "text_pair") if reads_pairs(recipe) else ("text",)
    trust = ", trust_remote_code=True" if own_code else ""
    imports, opened, body, outputs = _text_parts(metrics, recipe, trust) or _label_parts(metrics, columns, trust)
    made = (metrics.get("example") or {}).get("inputs")
    rows = [row for row in ([made] if made else []) + list(examples) if set(columns) <= row.keys()][:MOST_EXAMPLES]
    return _APP.format(
        imports=imports,
        model=literal(repo_id),
        revision=literal(revision) if revision else "None",
        examples="\n".join(f"    [{', '.join(literal(row[name]) for name in columns)}]," for row in rows),
        opened=opened,
        arguments=", ".join(columns),
        body="\n".join(f"    {line}" for line in [*(f"{name} = normal({name})" for name in columns), *body]),
        inputs=", ".join(f'gr.Textbox(label="{name.replace("_", " ")}", lines=3)' for name in columns),
        outputs=outputs,
        title=literal(repo_id),
        description=literal(
            f"The model {facts.headline(metrics)}. Its card says how that was measured, and its limits."
        ),
    )


def _text_parts(
    metrics: Mapping[str, Any], recipe: Mapping[str, Any], trust: str
) -> tuple[str, str, list[str], str] | None:
    """Imports, how the model is opened, the function's lines and the output, of a model that answers with a text."""
    function = text_function(metrics, recipe)
    if function is None:
        return None
    auto_class, lines = function
    opened = "\n".join(
        f"{name} = {opener}.from_pretrained(MODEL, revision=REVISION{trust})"
        for name, opener in (("tokenizer", "AutoTokenizer"), ("model", auto_class))
    )
    imports = "import torch\n" if any("torch" in line for line in lines) else ""
    return f"{imports}from transformers import {auto_class}, AutoTokenizer", opened, lines, 'gr.Textbox(label="answer")'


def _label_parts(metrics: Mapping[str, Any], columns: Sequence[str], trust: str) -> tuple[str, str, list[str], str]:
    """The same of a classifier, or of a model that gives a number."""
    problem = problem_of(metrics)
    row = "{" + ", ".join(f'"{name}": {name}' for name in columns) + "}" if len(columns) > 1 else columns[0]
    call, outputs = _LABELLED[problem]
    returned = 'return scored["score"]' if problem is Problem.REGRESSION else _RETURNED
    opened = f'pipe = pipeline("text-classification", model=MODEL, revision=REVISION{trust})'
    return "from transformers import pipeline", opened, [call.replace("{row}", row), returned], outputs


def _requirements(metrics: Mapping[str, Any]) -> str:
    """The versions of the run, without what only its machine had, such as ``+cpu``."""
    packages = metrics["environment"]["packages"]
    pinned = {name: packages[name].partition("+")[0] for name in _PACKAGES if name in packages}
    return "".join(f"{name}=={version}\n" for name, version in {"gradio": GRADIO, **pinned}.items())


def _readme(recipe: Mapping[str, Any], repo_id: str) -> str:
    name = repo_id.rpartition("/")[2]
    values = {
        "title": name,
        "sdk": "gradio",
        "sdk_version": GRADIO,
        "app_file": "app.py",
        "models": [repo_id],
        "license": (recipe.get("hub") or {}).get("license"),
        "pinned": False,
    }
    front = as_yaml({key: value for key, value in values.items() if value is not None})
    model = f"[{repo_id}](https://huggingface.co/{repo_id})"
    return f"---\n{front}\n---\n\nA demo of {model}, whose card has its results and limits.\n"
