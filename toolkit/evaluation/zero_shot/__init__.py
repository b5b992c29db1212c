"""Classification without training: by likelihood, similarity, entailment, or filling a mask with the label.

`zero_shot` does everything. Its steps are public too: `settle_question` refuses impossible settings early,
`open_for_question` opens the model, and `ask` predicts. A `Respondent` predicts several times with one model.
"""

from toolkit.evaluation.zero_shot.ask import Respondent, ask, zero_shot
from toolkit.evaluation.zero_shot.labels import are_numbers, clean_labels
from toolkit.evaluation.zero_shot.question import Question, open_for_question, settle_question
from toolkit.evaluation.zero_shot.result import ZeroShot

__all__ = [
    "Question",
    "Respondent",
    "ZeroShot",
    "are_numbers",
    "ask",
    "clean_labels",
    "open_for_question",
    "settle_question",
    "zero_shot",
]
