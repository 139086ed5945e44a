"""The base of layers: weights, building, calling on values and on Functional graphs, masks, losses, configs."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from engine import constraints, initializers, ops, regularizers
from engine.core import dtypes, naming, tree
from engine.core.errors import ShapeError
from engine.core.node import Operation, record
from engine.core.objects import serialize_object
from engine.core.params import Declared
from engine.core.policy_map import DTypePolicyMap, policy_data
from engine.core.rng import SeedGenerator
from engine.core.state import STATE, autocast_scope
from engine.core.tensor import Tensor, Value, Variable, convert_to_tensor
from engine.core.tracebacks import filtered
from engine.layers.arguments import (
    as_shape,
    bound_arguments,
    by_position,
    holds_keras_tensor,
    input_shape_of,
    per_sample,
    shape_of,
    tree_of_tensors,
)
from engine.layers.call import CALL, CallSpec, Context, in_this_context
from engine.layers.probe import traced_call
from engine.layers.spec import InputSpec, Ports, check_input
from engine.layers.state import HasState


class Layer(HasState, Operation, Declared):
    """A step of a network: weights made in `build`, arithmetic in `call`.

    Subclasses declare parameters with `Param`, or write `__init__` as in Keras and call `super().__init__(**kwargs)`.
    Class keywords: `category` for the palette, `keras` for files, `ports` for what the layer can be wired to.

    Args:
        activity_regularizer: what large outputs add to the loss.
        trainable: whether optimizers change the weights.
        dtype: type name or policy.
        autocast: whether float inputs are cast to the compute type.
        name: unique name, made up when None.
    """

    KIND = "layer"
    PORTS = Ports()
    supports_masking = False
    _told_of_mask = False
    built = False
    _path: str | None = None

    def __init_subclass__(cls, ports: Ports | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if ports is not None:
            cls.PORTS = ports
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True
        if "build" in vars(cls):
            cls.build = _building(cls.build)  # type: ignore[method-assign]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        bound = {} if getattr(cls.__init__, "_declared", False) else bound_arguments(cls, args, kwargs)
        object.__setattr__(self, "_arguments", bound)
        return self

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._batch_shape = input_shape_of(kwargs)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        Operation.__init__(self, name)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._dtype_policy = dtypes.get_policy(dtype)
        self.autocast = autocast
        self._trainable = bool(trainable)
        self._losses: list[Any] = []
        self._build_shapes: Any = None
        self.input_spec: Any = getattr(type(self), "input_spec", None)

    # Types.
    @property
    def dtype_policy(self) -> dtypes.DTypePolicy:
        """The policy that gives the types below."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy = dtypes.get_policy(value)
        if isinstance(self._dtype_policy, DTypePolicyMap) and self._path:
            if self._path in self._dtype_policy:
                del self._dtype_policy[self._path]
            self._dtype_policy[self._path] = policy
        else:
            self._dtype_policy = policy

    @property
    def dtype(self) -> str:
        """Type of the weights."""
        return self.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """Type of the weights."""
        return self._dtype_policy.at(self._path).variable_dtype

    @property
    def compute_dtype(self) -> str:
        """Type of the arithmetic."""
        return self._dtype_policy.at(self._path).compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How weights are quantized: always None."""
        return self._dtype_policy.quantization_mode

    @property
    def input_dtype(self) -> str:
        """Type to which float inputs are cast."""
        return self.compute_dtype

    # Building.
    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape. The base makes the inner layers' by tracing `call`."""
        self._build_shapes = input_shape

    def add_weight(
        self,
        *args: Any,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """A new weight; `shape`, `initializer` and `dtype` may come by position. Glorot uniform or zeros by default."""
        shape, initializer, dtype = by_position(args, shape=shape, initializer=initializer, dtype=dtype)
        dtype = self.variable_dtype if dtype is None else dtypes.standardize_dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with naming.name_scope_of(self.path):
            variable = Variable(
                initializers.get(initializer),
                shape=() if shape is None else tuple(shape),
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._added.append(variable)
        return variable

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """`add_weight` under an older name."""
        flags: dict[str, Any] = {"trainable": trainable, "autocast": autocast, "name": name}
        return self.add_weight(shape, initializer, dtype, regularizer=regularizer, constraint=constraint, **flags)

    @property
    def path(self) -> str:
        """Names of the scopes that were open when the layer was built or first called, and of the layer."""
        if self._path is not None:
            return self._path
        scope = naming.current_path()
        return f"{scope}/{self.name}" if scope and scope.rpartition("/")[2] != self.name else scope or self.name

    def _ensure_built(self, spec: CallSpec) -> None:
        if self.built:
            return
        shapes = spec.shapes()
        if _overrides(self, "build"):
            self._call_build(shapes, spec)
        else:
            self.build(spec.first_shape())
            self.built = True  # the trace calls the layer again
            if _has_unbuilt(self) and _overrides(self, "call"):
                self._build_by_trace(spec)
        self.built = True

    def _call_build(self, shapes: dict[str, Any], spec: CallSpec) -> None:
        parameters = list(inspect.signature(self.build).parameters.values())
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        named = {n: shapes[n] for n in names if n in shapes}
        if len(names) <= 1 and names[:1] != list(named):
            self.build(spec.first_shape())
        else:
            self.build(**named)

    def _build_by_trace(self, spec: CallSpec) -> None:
        """Build inner layers by running `call` on symbols; nothing is computed."""
        from engine.core.errors import TraceError

        self.built = True  # or the call inside would build again
        try:
            outer, _, last = naming.current_path().rpartition("/")
            with naming.name_scope_of(outer if last == self.name else naming.current_path()):
                self._traced_specs(spec.args, spec.kwargs)
        except TraceError:
            return  # code that needs values builds its layers when it runs
        except Exception:
            self.built = False
            raise

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build as `get_build_config` described."""
        if "input_shape" in config:
            shape = as_shape(config["input_shape"])
            if _overrides(self, "build") or not _overrides(self, "call"):
                self.build(shape)
                self.built = True
            else:
                self.compute_output_spec(tree_of_tensors(shape, self.compute_dtype))
        elif "shapes_dict" in config:
            self.build(**{key: as_shape(value) for key, value in config["shapes_dict"].items()})
            self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build` was called with."""
        if self._build_shapes is None:
            return None
        shapes = self._build_shapes
        if isinstance(shapes, dict) and shapes and all(key.endswith("_shape") for key in shapes):
            return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}
        return {"input_shape": shapes}

    # Calling.
    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The layer's arithmetic."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call` method implemented.")

    @filtered
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer: to values, or to tensors of a Functional graph."""
        if holds_keras_tensor(args) or holds_keras_tensor(kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self._run(args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        spec = CallSpec(self, args, kwargs)
        check_input(self.input_spec, spec.first(), self)
        self._ensure_built(spec)
        outputs = self.compute_output_spec(*args, **kwargs)
        return record(self, args, kwargs, outputs)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._path = self.path
        args, kwargs = self._converted(args), self._converted(kwargs)
        outer = CALL.context
        context = outer or Context()
        CALL.context = context
        saved = context.training
        try:
            if outer is None:
                self._clear_losses()
            spec = CallSpec(self, args, kwargs)
            check_input(self.input_spec, spec.first(), self)
            with naming.name_scope(self.name):
                self._ensure_built(spec)
                spec.fill_training(context)
                spec.fill_masks()
                incoming = self._incoming_mask(spec)
                outputs = self._guarded_call(spec)
            self._set_masks(spec, outputs, incoming)
            if self.activity_regularizer is not None:
                for y in tree.flatten(outputs):
                    if isinstance(y, Value):
                        self.add_loss(per_sample(self.activity_regularizer(y), y))
            return outputs
        finally:
            context.training = saved
            CALL.context = outer

    def _guarded_call(self, spec: CallSpec) -> Any:
        try:
            with autocast_scope(self.compute_dtype if self._casts() else None):
                call = self.call
                if self._remat is not None:
                    call = self.rematerialized_call(in_this_context(call), *spec.args, **spec.kwargs)
                return call(*spec.args, **spec.kwargs)
        except ShapeError as error:
            raise error.within(naming.current_path()) from None

    def _casts(self) -> bool:
        return self.autocast and self.compute_dtype != self.variable_dtype

    def _converted(self, structure: Any) -> Any:
        return tree.map_structure(self._convert_input, structure)

    def _convert_input(self, x: Any) -> Any:
        if isinstance(x, (np.ndarray, np.generic)) or type(x) is Variable:
            x = convert_to_tensor(x)
        if isinstance(x, Value) and self.autocast and dtypes.is_float(x.dtype) and x.dtype != self.input_dtype:
            mask = getattr(x, "_keras_mask", None)
            x = ops.cast(x, self.input_dtype)
            x._keras_mask = mask
        return x

    # Shapes.
    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors of the outputs for KerasTensor inputs: `call` is traced on symbols, nothing is computed."""
        if _overrides(self, "compute_output_shape") and not self._is_engine_layer():
            shape = self.compute_output_shape(*(tree.map_structure(shape_of, a) for a in args[:1]))
            return tree_of_tensors(shape, self.compute_dtype)
        return self._traced_specs(args, kwargs)

    def _is_engine_layer(self) -> bool:
        return type(self).__module__.startswith("engine.")

    def _traced_specs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        saved, CALL.context = CALL.context, None
        try:
            return traced_call(self._run, args, kwargs)
        finally:
            CALL.context = saved
            self._clear_losses()

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Shape of the outputs for inputs of the given shape."""
        given = [*args, *kwargs.values()]
        tensors = [tree_of_tensors(shape, self.compute_dtype) for shape in given]
        return tree.map_structure(lambda t: t.shape, self.compute_output_spec(*tensors))

    # Masks.
    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs; the inputs' own by default."""
        return previous_mask

    @staticmethod
    def _incoming_mask(spec: CallSpec) -> Any:
        """The mask that was given, or that the inputs carry."""
        given = spec.kwargs.get("mask")
        if given is not None:
            return given
        return tree.map_structure(lambda x: getattr(x, "_keras_mask", None), spec.first())

    def _set_masks(self, spec: CallSpec, outputs: Any, previous: Any) -> None:
        if not self.supports_masking:
            if not self._told_of_mask and any(mask is not None for mask in tree.flatten(previous)):
                self._told_of_mask = True
                warnings.warn(
                    f"Layer '{self.name}' (of type {type(self).__name__}) was passed an input with a mask attached to "
                    "it. However, this layer does not support masking and will therefore destroy the mask information. "
                    "Downstream layers will not see the mask.",
                    stacklevel=2,
                )
            return
        masks = self.compute_mask(spec.first(), previous)
        if masks is None:
            return
        flat = [masks] if not tree.is_nested(outputs) else tree.flatten(masks)
        for y, mask in zip(tree.flatten(outputs), flat, strict=False):
            if mask is not None and not tree.is_nested(mask) and getattr(y, "_keras_mask", None) is None:
                y._keras_mask = mask

    # Losses.
    def add_loss(self, loss: Any) -> None:
        """Add numbers to the loss of the next `fit` step (call it inside `call`)."""
        losses = [convert_to_tensor(x) for x in tree.flatten(loss) if x is not None]
        if STATE.losses is None:
            self._losses.extend(losses)
        else:
            STATE.losses.extend((self, loss) for loss in losses)

    def _clear_losses(self) -> None:
        self._losses = []
        for layer in self._children():
            layer._clear_losses()

    def _own_losses(self) -> Iterator[Any]:
        yield from self._losses
        for layer in self._children():
            yield from layer._own_losses()

    @property
    def losses(self) -> list[Any]:
        """What layers added in their last call, and what the weights' regularizers give."""
        return [*self._own_losses(), *self._regularization_losses()]

    def _regularization_losses(self) -> list[Any]:
        return [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    # Configs.
    def get_config(self) -> dict[str, Any]:
        """Settings from which `from_config` makes an equal layer."""
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": self._dtype_config()}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if self.PARAMS:
            return {**config, **self.declared_config()}
        if not self._is_engine_layer() and not _overrides(self, "get_config"):
            config.update({key: serialize_object(value) for key, value in self._arguments.items()})
        return config

    def _dtype_config(self) -> dict[str, Any]:
        return policy_data(self._dtype_policy)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from its settings."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _building(build: Callable[..., Any]) -> Callable[..., Any]:
    """`build` under the layer's name scope, marking the layer as built and remembering the shapes."""
    if getattr(build, "_wrapped", False):
        return build
    signature = inspect.signature(build)

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs).arguments
        shapes = {key: value for key, value in list(bound.items())[1:]}
        scope = naming.current_path()
        inside = bool(scope) and scope.rpartition("/")[2] == self.name
        self._path = scope if inside else self.path
        with naming.name_scope_of(self._path):
            build(self, *args, **kwargs)
        # Last, so that of a `build` that calls its base's, the shapes of the outer one stay.
        self._build_shapes = next(iter(shapes.values())) if len(shapes) == 1 else shapes or None
        self.built = True

    wrapped._wrapped = True  # type: ignore[attr-defined]
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__doc__ = build.__doc__ or Layer.build.__doc__
    return wrapped


def _overrides(layer: Layer, method: str) -> bool:
    return getattr(type(layer), method) is not getattr(Layer, method)


def _has_unbuilt(layer: Any) -> bool:
    return any(not child.built or _has_unbuilt(child) for child in layer._children())


__all__ = ["InputSpec", "Layer", "Ports", "SeedGenerator", "Tensor"]
