"""How other tools say by which method a model learns: all weights, LoRA and its kin, few bits beneath it."""

from __future__ import annotations

from typing import Any

from toolkit.recipe.peft_methods import peft_methods
from toolkit.workflow.peers.carrying import Carrying

_BITS = {"4": "4bit", "8": "8bit", "int4": "4bit", "int8": "8bit"}


def put_method(carrying: Carrying, key: str, *, name: Any, variants: dict[str, str], bits: dict[str, Any]) -> None:
    """Carry the method, a variant of LoRA that a switch names, and the bits of the weights beneath it.

    Args:
        carrying: the settings.
        key: of the method.
        name: of the method; None or ``full`` trains all weights.
        variants: methods of ours by the switch that asks for them.
        bits: the bits that settings ask for, by the path of the setting; a value that asks for none is left out.
    """
    name = "full" if name in (None, "", "none", "full") else str(name).lower()
    is_quantized = name in ("qlora", "qoft")
    name = name.removeprefix("q") if is_quantized else name
    if name != "full" and name not in peft_methods():
        carrying.refuse(key, f"{name!r} is no method here; there are full and those of peft, such as lora")
        return
    switched = {switch: ours for switch, ours in variants.items() if carrying.get(switch) is True}
    for switch, ours in switched.items():
        carrying.put(switch, "method", ours)
    if not switched or name != "lora":
        carrying.put(key, "method", name)
    elif carrying.get(key) is not None:
        carrying.put(key, "method", next(iter(switched.values())))
    for path, value in bits.items():
        if value in (None, False, ""):
            carrying.pop(path)
        elif name == "full":
            carrying.leave(path, "weights of few bits are for PEFT methods; all weights learn in whole numbers of bits")
        elif str(value) in _BITS:
            carrying.put(path, "model.quantization", _BITS[str(value)])
        else:
            carrying.refuse(path, f"{value!r} bits; there are 4 and 8")
