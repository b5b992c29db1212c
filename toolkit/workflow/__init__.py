"""What the command line does, as functions: the story of a run, and what can be done with its end."""

from toolkit.workflow.apply import evaluate, predict
from toolkit.workflow.examine import examine
from toolkit.workflow.fine_tune import fine_tune, fine_tune_over_seeds

__all__ = ["evaluate", "examine", "fine_tune", "fine_tune_over_seeds", "predict"]
