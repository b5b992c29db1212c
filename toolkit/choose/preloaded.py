"""Import all that measuring takes; the server of `toolkit.choose.measure.own_process` imports this once for all."""

import contextlib
import logging

from toolkit.quick_import import quick_import

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # peft imports it, and it warns of what nothing here uses

# What cannot be imported for want of memory is told by the process that needs it.
with contextlib.suppress(Exception), quick_import():
    import peft  # noqa: F401
    from transformers import AutoModel, PreTrainedTokenizerFast, Trainer  # noqa: F401  (imported with their first use)

    import toolkit.choose.measure.on_test
    import toolkit.choose.search.stages  # noqa: F401
    from toolkit.names import Task
    from toolkit.tasks import room_of

    for task in Task:
        room_of(task)  # which imports all that is of the task

    # Not documented: a thousand patterns, which are compiled with the first model.
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    get_checkpoint_conversion_mapping("bert")  # type: ignore[no-untyped-call]
