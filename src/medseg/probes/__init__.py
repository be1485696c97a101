"""What is true of an answer: all that graded test cells call.

A test cell calls the student's functions with arrays, tensors and numbers, and looks at classes
only through the helpers here, so that the same cell can run where the student's names are proxies
for another process.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Taken at once, before any student's code runs: comparisons keep their own names of numpy's.
from medseg.probes.asserts import (
    assert_close,
    assert_facts,
    assert_module_stays_on_device,
    assert_raises_value_error,
    assert_returns_to_device,
    assert_stays_on_device,
    facts_of,
    gradient_of,
    rng,
    torch_rng,
)
from medseg.probes.calls import call

if TYPE_CHECKING:
    from medseg.probes.arrays import renumbered
    from medseg.probes.networks import (
        block_channels,
        build,
        depends_on,
        gives_logits,
        has_pointwise_head,
        is_linear,
        joins_inputs,
        keeps_batch_apart,
        keeps_detail,
        keeps_the_largest,
        layers_used_once,
        module_facts,
        never_negative,
        no_way_around,
        normalises,
        output_of,
        own_skips,
        reach,
        relu_at_the_end,
        relu_in_between,
        seeing_locally,
        teaches,
        three_convolutions,
        uses_every_channel,
        what_comes_between,
        widths,
    )

__all__ = [
    "assert_close",
    "assert_facts",
    "assert_module_stays_on_device",
    "assert_raises_value_error",
    "assert_returns_to_device",
    "assert_stays_on_device",
    "block_channels",
    "build",
    "call",
    "depends_on",
    "facts_of",
    "gives_logits",
    "gradient_of",
    "has_pointwise_head",
    "is_linear",
    "joins_inputs",
    "keeps_batch_apart",
    "keeps_detail",
    "keeps_the_largest",
    "layers_used_once",
    "module_facts",
    "never_negative",
    "no_way_around",
    "normalises",
    "output_of",
    "own_skips",
    "reach",
    "relu_at_the_end",
    "relu_in_between",
    "renumbered",
    "rng",
    "seeing_locally",
    "teaches",
    "three_convolutions",
    "torch_rng",
    "uses_every_channel",
    "what_comes_between",
    "widths",
]


def __getattr__(name: str) -> Any:
    """Import what looks at networks on first use (PEP 562): units 01 to 03 need no torch."""
    if name not in __all__:
        raise AttributeError(f"module 'medseg.probes' has no attribute {name!r}")
    home = "arrays" if name == "renumbered" else "networks"
    return getattr(import_module(f"medseg.probes.{home}"), name)
