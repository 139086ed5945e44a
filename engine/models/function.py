"""The graph between KerasTensors as an operation that can be applied to other values."""

from __future__ import annotations

from typing import Any

from engine.core import tree
from engine.core.node import Operation
from engine.core.tensor import KerasTensor
from engine.models.graph import GraphMap


class Function(Operation):
    """The operations that lead from `inputs` to `outputs`, to be run again on new values.

    Unlike a model it is no layer: it keeps no list of weights and does not train.

    Args:
        inputs, outputs: KerasTensors in any structure.
        name: its name.

    Raises:
        ValueError: one of them is empty, or the outputs need a tensor that is not among the inputs.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            if not tree.flatten(structure):
                raise ValueError(f"`{what}` argument cannot be empty. Received:\ninputs={inputs}\noutputs={outputs}")
        self._inputs_struct = tree.map_structure(lambda x: x, inputs)
        self._outputs_struct = tree.map_structure(lambda x: x, outputs)
        self._map = GraphMap(self.inputs, self.outputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """Flat list of the tensors it starts from."""
        return tree.flatten(self._inputs_struct)

    @property
    def outputs(self) -> list[KerasTensor]:
        """Flat list of the tensors it leads to."""
        return tree.flatten(self._outputs_struct)

    @property
    def operations(self) -> list[Any]:
        """Layers and ops between them, those nearest to the inputs first."""
        return list(self._map.operations)

    def call(self, inputs: Any) -> Any:
        """Values of the outputs for new inputs, in their structure.

        Raises:
            ValueError: the inputs have another structure or do not fit the shapes.
        """
        self._check(inputs)
        values = {id(t): x for t, x in zip(self.inputs, tree.flatten(inputs), strict=True)}
        return self._map.run(values, self._outputs_struct)

    def compute_output_spec(self, inputs: Any) -> Any:
        self._check(inputs)
        if [x.shape for x in tree.flatten(inputs)] == [t.shape for t in self.inputs]:
            return tree.map_structure(lambda t: KerasTensor(t.shape, t.dtype), self._outputs_struct)
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs for inputs of these shapes (in the inputs' structure)."""
        shapes = iter(_shapes(input_shape))
        given = tree.map_structure(lambda t: KerasTensor(next(shapes), t.dtype), self._inputs_struct)
        return tree.map_structure(lambda t: t.shape, self.compute_output_spec(given))

    def _check(self, inputs: Any) -> None:
        try:
            tree.assert_same_structure(inputs, self._inputs_struct)
        except ValueError as error:
            raise ValueError(
                "Function was called with an invalid input structure. Expected input structure: "
                f"{self._inputs_struct}\nReceived input structure: {inputs}"
            ) from error
        for x, wanted in zip(tree.flatten(inputs), self.inputs, strict=True):
            fits = len(x.shape) == len(wanted.shape) and all(
                a is None or b is None or a == b for a, b in zip(x.shape, wanted.shape, strict=True)
            )
            if not fits:
                raise ValueError(
                    f"{type(self).__name__} was passed incompatible inputs. For input '{wanted.name}', expected shape "
                    f"{wanted.shape}, but received instead a tensor with shape {tuple(x.shape)}."
                )


def _shapes(structure: Any) -> list[tuple[Any, ...]]:
    """The shapes in a structure of shapes; a tuple of numbers and None is one."""
    if isinstance(structure, (list, tuple)) and all(d is None or isinstance(d, int) for d in structure):
        return [tuple(structure)]
    values = [structure[k] for k in sorted(structure)] if isinstance(structure, dict) else structure
    return [shape for value in values for shape in _shapes(value)]
