"""`Pipeline`: layers one after another as one layer, for preprocessing and augmentation."""

from __future__ import annotations

from typing import Any

from engine.core import tree
from engine.core.params import Param
from engine.layers.base import Layer, Ports
from engine.layers.nested import takes, with_custom_objects


class Pipeline(Layer, category="preprocessing", keras="keras.layers:Pipeline", ports=Ports(dtypes="any")):
    """Applies a list of layers one after another. Unlike a Sequential model it is a layer only."""

    BASE_ARGUMENTS = ("name",)
    OPEN = False
    layers: Any = Param(kind="Layer", doc="The layers, the first to act first.")

    def setup(self) -> None:
        self.layers = list(self.layers) if isinstance(self.layers, (list, tuple)) else [self.layers]

    def call(self, inputs: Any, training: Any = True, mask: Any = None) -> Any:
        for layer in self.layers:
            given = {"mask": mask} if takes(layer, "mask") else {}
            if takes(layer, "training") and training is not None:
                given["training"] = training
            inputs = layer(inputs, **given)
            mask = tree.map_structure(lambda x: getattr(x, "_keras_mask", None), inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {**self.declared_config(), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        layers = config.get("layers")
        if not isinstance(layers, (list, tuple, dict)):
            raise ValueError(
                "`Pipeline` config must contain a `layers` key mapping to a list of serialized layers. Received config "
                f"with layers={layers}."
            )
        return cls(**with_custom_objects(config, custom_objects, "layers"))
