"""Classification without training: which label a pretrained model finds likely, similar, implied or fitting a gap.

`zero_shot` does it all. `settle_question` refuses early what cannot work, `open_for_question` opens the model and
`ask` asks it, for who has something to do in between. Who asks more than once takes a `Respondent`.
"""

from toolkit.evaluation.zero_shot.ask import Respondent, ask, zero_shot
from toolkit.evaluation.zero_shot.labels import clean_labels
from toolkit.evaluation.zero_shot.question import Question, open_for_question, settle_question
from toolkit.evaluation.zero_shot.result import ZeroShot

__all__ = [
    "Question",
    "Respondent",
    "ZeroShot",
    "ask",
    "clean_labels",
    "open_for_question",
    "settle_question",
    "zero_shot",
]
