"""Building a model, its losses and metrics from the shapes of one batch, before anything is computed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from engine.core import dtypes, tree
from engine.core.errors import TraceError
from engine.core.graph import trace
from engine.core.tensor import Spec, Tensor
from engine.training.adapters import unpack_x_y_sample_weight
from engine.training.steps import forget_losses


def build_from_batch(model: Any, batch: Any) -> None:
    """Call the model on symbols with the batch's shapes, so that everything that needs shapes is made.

    A model whose Python needs values is called on the batch itself.
    """
    leaves = [leaf for leaf in tree.flatten(batch) if leaf is not None]

    def forward(*values: Any) -> None:
        rest = iter(values)
        x, y, _ = unpack_x_y_sample_weight(tree.map_structure(lambda a: None if a is None else next(rest), batch))
        y_pred = model(x, training=False)
        for part in (model._compile_loss, model._compile_metrics):
            if part is not None and not part.built and y is not None:
                part.build(y, y_pred)
        tell_of_logits(model._compile_loss, model._compile_metrics)

    for open_batch in (True, False):
        try:
            trace(forward, [_spec(leaf, open_batch) for leaf in leaves])
            return
        except TypeError:
            if not open_batch:
                raise
        except TraceError:
            break
        except NotImplementedError:
            return  # a model without `call`: its own steps use its layers
        finally:
            forget_losses(model)
    forward(*[Tensor(np.asarray(leaf)) for leaf in leaves])


def tell_of_logits(loss: Any, metrics: Any) -> None:
    """A warning where "accuracy" compares logits with one half, which is the bound for probabilities."""
    if loss is None or metrics is None or not (loss.built and metrics.built):
        return
    outputs = {entry.output for entry in loss.entries if getattr(entry.loss, "from_logits", False)}
    for entry in metrics.entries:
        binary = type(entry.metric).__name__ == "BinaryAccuracy" and entry.metric.name in ("accuracy", "acc")
        if binary and entry.output in outputs:
            warnings.warn(
                f"The metric '{entry.name}' is a BinaryAccuracy that counts outputs above 0.5 as class 1, but the loss "
                "takes the outputs as logits, whose middle is 0. Use BinaryAccuracy(threshold=0.0), or a sigmoid "
                "with from_logits=False.",
                stacklevel=5,
            )


def _spec(leaf: Any, open_batch: bool) -> Spec:
    shape = tuple(leaf.shape)
    return Spec((None, *shape[1:]) if open_batch and shape else shape, dtypes.standardize_dtype(leaf.dtype))
