"""The parameters that every optimizer has beside its own."""

from __future__ import annotations

from engine.core.params import Param, ParamInfo

COMMON: dict[str, ParamInfo] = {
    "weight_decay": Param(None, kind="float", ge=0, doc="Share by which weights shrink at each step, times the rate."),
    "clipnorm": Param(None, kind="float", gt=0, doc="Largest length of each weight's gradient.", group="Clipping"),
    "clipvalue": Param(None, kind="float", gt=0, doc="Largest size of each gradient entry.", group="Clipping"),
    "global_clipnorm": Param(
        None, kind="float", gt=0, doc="Largest length of all gradients together.", group="Clipping"
    ),
    "use_ema": Param(False, kind="bool", doc="Keep moving averages of the weights.", group="Averaging"),
    "ema_momentum": Param(0.99, kind="float", ge=0, le=1, doc="Share of the old average kept.", group="Averaging"),
    "ema_overwrite_frequency": Param(
        None,
        kind="int",
        ge=1,
        doc="Steps after which weights become their averages; empty: at the end.",
        group="Averaging",
    ),
    "loss_scale_factor": Param(None, kind="float", gt=0, doc="Factor on the loss against underflow.", advanced=True),
    "gradient_accumulation_steps": Param(
        None, kind="int", ge=2, doc="Batches whose gradients are averaged for one update.", advanced=True
    ),
    "name": Param(None, kind="str", doc="Name of the optimizer and its variables.", group="General", advanced=True),
}
"""Parameters that every optimizer takes after its own, in Keras's order."""

CONFIG_ORDER = (
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)
"""Their order in saved configs."""
