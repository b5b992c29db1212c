"""The recipe as types: one frozen class a section.

The rest of the toolkit uses `Recipe`. The classes that check a file have the keys of the installed transformers and
peft too; `toolkit.recipe.model` builds them on first use.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from toolkit.names import SPECS, Family, Method, Problem, Task, TaskSpec, method_of
from toolkit.recipe.prompts import inputs_of
from toolkit.recipe.values import Columns, Count, OneOf, PositiveInt, Seed, Size, Source, Text, WholeNumber

ALL_METRICS = tuple(dict.fromkeys(name for spec in SPECS.values() for name in spec.all_metrics))

OF_THRESHOLDS = tuple(
    dict.fromkeys(name for spec in SPECS.values() for names in spec.thresholds.values() for name in names)
)

PAIR = ("source", "target")

CHAT = ("messages", "target")
"""The columns of texts of a chat; data has it in one, ``messages``."""

OWN_TRANSFORMER = "own Transformer"
"""The name that people read for a model that begins at random."""

# A YAML file holds texts, so a text has to be accepted for an enumeration.
TaskName = Annotated[Task, Field(strict=False)]
ProblemName = Annotated[Problem, Field(strict=False)]
MetricName = Annotated[str, OneOf(ALL_METRICS)]
OfThreshold = Annotated[str, OneOf(OF_THRESHOLDS)]


class Section(BaseModel):
    """The base class of all sections: no unknown key, no conversion between types, no change after loading."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        protected_namespaces=(),
    )


class ModelSection(Section):
    """Which model, pretrained or our own, and what kind of answer its head gives."""

    name: Text | None = Field(
        default=None,
        description="A pretrained model: packaged:<name>, a local folder, or a hub id org/name[@revision].",
    )
    config: dict[str, Any] | None = Field(
        default=None, description="Our own Transformer from a random start, instead of name, for method: scratch."
    )
    quantization: Literal["4bit", "8bit"] | None = Field(
        default=None,
        description="Bits of a pretrained model's weights beneath a PEFT method (QLoRA); null is float32.",
    )
    problem_type: ProblemName | None = Field(
        default=None,
        description="What the labels are: one class, several classes (column labels), or a number; null is one class, "
        "or several where data.columns names labels.",
    )

    @property
    def label(self) -> str:
        """Name of the model for people."""
        return self.name or OWN_TRANSFORMER


class TokenizerSection(Section):
    """The tokenizer that is trained on the training texts before a model that begins at random."""

    train: Literal["bpe", "unigram"] = Field(
        default="bpe",
        description="How the vocabulary is found: by merging pairs (Sennrich et al. 2016) or by leaving out what "
        "is least needed (Kudo 2018).",
    )
    vocab_size: PositiveInt = Field(default=8000, description="Tokens of the vocabulary, the special ones among them.")
    lowercase: bool = Field(default=False, description="Whether texts are put in lower case first.")


class DataSection(Section):
    """Where the rows come from, which columns to read and how the rows are divided."""

    source: Source | None = Field(
        default=None,
        description="One source for everything, divided by test_size and validation_size: packaged:<name>, "
        "a file, several files, a hub id org/name[@revision][:split], or text files by column, in parallel.",
    )
    train: Source | None = Field(default=None, description="The rows to learn from, instead of source.")
    validation: Source | None = Field(
        default=None, description="The rows that choose the best epoch; cut from train when absent."
    )
    test: Source | None = Field(
        default=None, description="The rows of the final measurement; cut from train when absent."
    )
    columns: dict[str, Columns] = Field(
        default={},
        description="The task's own names of columns and the names that they have in the data; labels may be a list "
        "of columns, of 0 and 1 each. Columns of a file without names have the numbers from 0.",
    )
    labels: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None,
        description="Names of the labels in their order; what the places of vectors of 0 and 1 stand for.",
    )
    merge_labels: bool = Field(
        default=False,
        description="Whether labels that differ in case, white space or width only are one; the most frequent stays.",
    )
    test_size: Size = Field(default=0.2, description="Rows of the test split: a number of them or a fraction.")
    validation_size: Size = Field(
        default=0.1, description="Rows of the validation split: a number of them or a fraction; 0 is none."
    )
    split_seed: Seed = Field(default=0, description="The division depends on this seed alone.")
    shots_per_class: PositiveInt | None = Field(
        default=None, description="Learn from this many rows of each class; null is all of them."
    )
    train_share: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="Learn from this share of the training rows, such as 0.3; smaller shares are parts of larger ones. "
        "null is all of them.",
    )
    max_length: PositiveInt | None = Field(
        default=None, description="Tokens of a text beyond which it is cut; null is what the model can take."
    )
    encoding: Text | None = Field(
        default=None, description="Encoding of text files, such as cp949; null tells it from the bytes."
    )
    quoting: bool | None = Field(
        default=None, description="Whether quotes enclose cells of csv and tsv; null: csv yes, tsv no."
    )
    format: Literal["conll"] | None = Field(
        default=None, description="Of files whose suffix does not tell it: conll, a token and its tag a line."
    )
    subset: Text | None = Field(default=None, description="Name of a hub data set's configuration.")
    prompt: Text | None = Field(
        default=None,
        description="What a pretrained model reads of a row, such as 'summarize: {source}'; names in braces are "
        "columns, and there may be several, such as {context} and {question}. null is the source itself, or what the "
        "model was taught to read.",
    )
    chat_template: Text | None = Field(
        default=None,
        description="Jinja by which a decoder reads sources and chats; null is the tokenizer's own, else a plain one.",
    )
    source_language: Text | None = Field(
        default=None, description="What a model for several languages reads: its tokenizer's code, deu_Latn, or de."
    )
    target_language: Text | None = Field(
        default=None, description="What a model for several languages writes: its tokenizer's code, eng_Latn, or en."
    )


class FeaturesSection(Section):
    """How a frozen model's features are taken, and the head that learns from them."""

    pooling: Literal["mean", "cls", "last", "max"] = Field(
        default="mean", description="How the vectors of a text's tokens become one."
    )
    layers: Annotated[list[WholeNumber], Field(min_length=1)] = Field(
        default=[-1],
        description="Whose output is taken: 0 is the embeddings, -1 the last layer; several are joined end to end.",
    )
    head: Literal["linear", "mlp"] = Field(
        default="linear",
        description="Logistic regression (ridge regression for numbers), or a small network with one hidden layer.",
    )


class ZeroShotSection(Section):
    """How a model is asked without training."""

    scorer: Literal["similarity", "mask", "entailment", "likelihood"] | None = Field(
        default=None,
        description="similarity of text and label, filling a mask, entailment, or the label's likelihood; null is what "
        "the model was made for.",
    )
    templates: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None,
        description="Prompts with {text} and {label}, whose answers are averaged; null is those of the language.",
    )
    language: Literal["en", "ko"] = Field(default="en", description="Of the templates, where none are given.")
    label_words: dict[str, Text] = Field(
        default={}, description="What stands for a label in a prompt, where its name says little: {0: negative}."
    )
    calibration: Literal["none", "length", "content-free", "domain", "batch"] | None = Field(
        default=None,
        description="How likelihoods become comparable: as they are, a token on average, against a prompt without "
        "content (Zhao et al. 2021), against the label alone (Holtzman et al. 2021), or against the mean of all texts "
        "(Zhou et al. 2023); null is what was best where it was measured.",
    )
    shots: Count = Field(default=0, description="Labelled examples in the prompt.")


class TrainingSection(Section):
    """The keys of ``training`` that are the toolkit's own; a subclass adds the library's."""

    bf16: bool | Literal["auto"] = Field(
        default="auto", description="Train in bfloat16; auto: where the processor computes in it natively."
    )
    early_stopping_patience: PositiveInt | None = Field(
        default=None, description="Stop after this many evaluations without improvement."
    )
    class_weights: (
        Literal["balanced"] | Annotated[dict[str, Annotated[float, Field(ge=0)]], Field(min_length=1)] | None
    ) = Field(default=None, description="Weight of each label in the loss; balanced: the inverse of its frequency.")
    tokens_per_batch: PositiveInt | None = Field(
        default=None,
        description="Tokens of a micro-batch, instead of a fixed number of examples: padded ones for "
        "classification, for the tasks of texts packed ones, which need no padding.",
    )
    average_checkpoints: PositiveInt | None = Field(
        default=None,
        description="Average the weights of the last n evaluations (Vaswani et al. 2017, section 6.1) instead of "
        "taking the best one; null: the best.",
    )
    on_nan: Literal["stop", "skip"] = Field(
        default="stop", description="What a loss that is not finite does: end the run, or skip that step."
    )

    def for_trainer(self) -> dict[str, Any]:
        """Return the values for ``TrainingArguments(**values)``: all of the library's keys but ``bf16``."""
        library_keys = [name for name in type(self).model_fields if name not in TrainingSection.model_fields]
        return {name: getattr(self, name) for name in library_keys}


class EvaluationSection(Section):
    """How the result is measured."""

    metrics: Annotated[list[MetricName], Field(min_length=1)] | None = Field(
        default=None, description="The metrics to report; null is the task's usual ones."
    )
    abstain: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None,
        description="Precision of the answers, such as 0.95: validation chooses the probability below which a text of "
        "one class gets none of them. null: every text is answered.",
    )
    threshold: OfThreshold | None = Field(
        default=None,
        description="The metric for which validation chooses the probability from which a label is given, of two "
        "classes or several labels. null: a half.",
    )
    calibrate: bool = Field(
        default=False,
        description="Divide the logits by the temperature that validation chooses, so that probabilities are as sure "
        "as they are right; the saved model has it.",
    )
    slices: list[Text] = Field(
        default=[],
        description="Columns of the data, such as channel: the result is also measured for each of their values.",
    )
    generation: dict[str, Any] = Field(
        default={}, description="Fields of transformers.GenerationConfig, for tasks whose output is a new text."
    )


class HubSection(Section):
    """Where the model is published when it is done."""

    repo_id: Text | None = Field(
        default=None, description="The repository, owner/name; with it, what the run needs to publish is checked first."
    )
    private: bool = Field(default=True, description="Whether a repository that is made for it is private.")
    license: Text | None = Field(
        default=None, description="The model's licence by its id on the hub, such as apache-2.0; null is not stated."
    )
    language: list[Text] = Field(default=[], description="Languages of the texts by their ISO 639 codes, such as ko.")


class Recipe(Section):
    """What to do, with every default filled in.

    `toolkit.recipe.load_recipe` and `toolkit.recipe.build_recipe` make recipes; they check also the keys of
    ``training`` and ``peft``, and the rules between sections.
    """

    task: TaskName = Field(description="What the model shall do; the Hub's pipeline tag.")
    model: ModelSection = Field(description="Which model, pretrained or our own.")
    tokenizer: TokenizerSection | None = Field(
        default=None, description="The tokenizer to train, for method: scratch; null is the usual one."
    )
    data: DataSection = Field(description="Where the rows come from.")
    method: Text = Field(
        description="How the model is used: full, a PEFT method by its name in peft, features, zero-shot, or scratch."
    )
    peft: dict[str, Any] = Field(default={}, description="Fields of the PEFT method's configuration.")
    features: FeaturesSection = Field(default_factory=FeaturesSection, description="For method: features.")
    zero_shot: ZeroShotSection = Field(default_factory=ZeroShotSection, description="For method: zero-shot.")
    training: TrainingSection = Field(
        default_factory=TrainingSection,
        description="Fields of transformers.TrainingArguments, and six of our own.",
    )
    evaluation: EvaluationSection = Field(default_factory=EvaluationSection, description="How the result is measured.")
    hub: HubSection = Field(default_factory=HubSection, description="Where the model is published, and as what.")
    seed: Seed = Field(default=0, description="Governs initialisation, order and dropout; not the split.")
    note: str | None = Field(default=None, description="Why this trial; goes to the ledger.")

    @property
    def way(self) -> Method:
        """Return how the method uses the model; it is PEFT for every PEFT method."""
        return method_of(self.method)

    @property
    def spec(self) -> TaskSpec:
        """Return what recipes know of the task."""
        return SPECS[self.task]

    @property
    def problem(self) -> Problem:
        """Return the kind of the labels: one class, a set of labels, or numbers."""
        several = "labels" in self.data.columns
        return self.model.problem_type or (Problem.MULTI_LABEL if several else Problem.SINGLE_LABEL)

    @property
    def metrics(self) -> list[str]:
        """Return the metrics to report, filled in by loading; the first one stands for the result."""
        return self.evaluation.metrics or []

    @property
    def decides(self) -> bool:
        """Return whether the validation rows choose what follows from probabilities."""
        return self.evaluation.abstain is not None or self.evaluation.threshold is not None

    @property
    def keeps_validation_new(self) -> bool:
        """Return whether nothing may be learnt from the validation rows, as they choose something of the model."""
        return self.decides or self.evaluation.calibrate

    @property
    def best_metric(self) -> str:
        """Return the metric that chooses the best epoch: the recipe's, else the first, or ``loss`` without labels."""
        named = self.training.for_trainer().get("metric_for_best_model")
        usual = "loss" if self.spec.chooses_by == "loss" else self.metrics[0]
        return str(named or usual).removeprefix("eval_")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the columns that ``data.prompt`` puts together; none where it shows the source alone."""
        return inputs_of(self.data.prompt) if self.spec.generates else ()

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Return the columns of texts that every row has, by the task's own names.

        Those that ``data.prompt`` or ``data.columns`` name decide, else whether our own Transformer reads pairs.
        """
        if self.inputs:
            return (*self.inputs, "target")
        first, *others = self.spec.columns
        reads_pairs = (self.model.config or {}).get("architecture") == Family.ENCODER_DECODER
        if CHAT in others and "messages" in self.data.columns:
            return CHAT
        columns = PAIR if PAIR in others and (reads_pairs or "source" in self.data.columns) else first
        return tuple(name for name in columns if name in ("text", *PAIR))

    @property
    def reads(self) -> str:
        """Return the columns that a model reads, with commas between them: those of texts but for the target."""
        return ",".join(self.text_columns[:-1] or self.text_columns)
