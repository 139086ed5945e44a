"""Declared parameters: one declaration gives the constructor, validation, config, property panel and documentation."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.core import registry
from engine.core.errors import ParamError, ParamTypeError

# Annotation words of declared parameters. They say what a parameter holds; `ParamInfo.kind` is the word.
Dims = Any
Range = Any
Shape = Any
Activation = Any
Initializer = Any
Regularizer = Any
Constraint = Any
LearningRate = Any
Loss = Any
Metric = Any


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Any = _Required()


@dataclass
class ParamInfo:
    """One declared parameter.

    Attributes:
        name: its name in the constructor and in the config.
        kind: "int", "float", "bool", "str", "Dims", "Range" (a number or two), "Shape",
            "Any" or a kind of object ("Initializer", ...).
        default: value when it is not given; `REQUIRED` when it has to be.
        ge, gt, le, lt: bounds of a number (and of each number of Dims).
        choices: the allowed values; for kind "Layer" the classes that are offered first (others work too).
        rank: how many numbers Dims hold.
        nullable: whether None is allowed.
        group, advanced, doc, step: for the property panel and the help.
        brief: left out of configs while it has its default, since older readers do not know it.
        hidden: nothing to choose, so that panels do not show it.
        listed: whether the signature names it; `**kwargs` takes it otherwise.
        refusal: Keras's sentence for a wrong value, with "{name}", "{value}" and "{type}"; ours follows it.
    """

    name: str
    kind: str
    default: Any
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    choices: tuple[Any, ...] | None = None
    rank: int | None = None
    nullable: bool = False
    group: str = ""
    advanced: bool = False
    doc: str = ""
    step: float | None = None
    brief: bool = False
    hidden: bool = False
    listed: bool = True
    refusal: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def describe(self) -> str:
        """What the parameter may be, in words: "a whole number of at least 1"."""
        if self.choices:
            words = "one of " + ", ".join(repr(choice) for choice in self.choices)
        else:
            words = _NOUNS.get(self.kind, f"{_article(self.kind)} {self.kind.lower()}") + self._range()
        if self.kind == "Dims":
            words = f"a whole number or {self.rank} of them" + self._range()
        return words + (", or None" if self.nullable else "")

    def _range(self) -> str:
        lower = f"at least {self.ge:g}" if self.ge is not None else f"above {self.gt:g}" if self.gt is not None else ""
        upper = f"at most {self.le:g}" if self.le is not None else f"below {self.lt:g}" if self.lt is not None else ""
        both = " and ".join(part for part in (lower, upper) if part)
        return f" of {both}" if both.startswith("at least") else f" {both}" if both else ""

    def check(self, value: Any, owner: str) -> Any:
        """`value` in its normal form.

        Raises:
            ParamError: the value is of another type or outside the range.
        """
        if value is None and self.nullable:
            return None
        if self.choices is not None and self.kind not in ("bool", "Layer"):
            return self._chosen(value, owner)
        checker = _CHECKS.get(self.kind)
        return checker(self, value, owner) if checker else _resolve(self, value, owner)

    def _chosen(self, value: Any, owner: str) -> Any:
        for choice in self.choices or ():
            if value == choice or (isinstance(value, str) and isinstance(choice, str) and value.lower() == choice):
                return choice
        raise self.refuse(value, owner)

    def in_range(self, number: float) -> bool:
        if isinstance(number, float) and not math.isfinite(number):
            return False
        return not (
            (self.ge is not None and number < self.ge)
            or (self.gt is not None and number <= self.gt)
            or (self.le is not None and number > self.le)
            or (self.lt is not None and number >= self.lt)
        )

    def refuse(self, value: Any, owner: str, wrong_type: bool = False) -> ParamError:
        """The error for a value that the parameter cannot have."""
        shown = value if isinstance(value, (int, float, str, bool, tuple, list, type(None))) else type(value).__name__
        message = f"{owner}: {self.name} is {self.describe()}. Got {shown!r}."
        first = self.refusal.format(name=self.name, value=value, type=type(value).__name__)
        error = ParamTypeError if wrong_type else ParamError
        return error(message, owner=owner, param=self.name, value=value, first=first)


_NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "True or False",
    "str": "a text",
    "Range": "a number or two numbers",
    "Shape": "a list of axes",
    "LearningRate": "a number or a schedule",
    "Any": "a value",
}


def _article(word: str) -> str:
    return "an" if word[:1].upper() in "AEIOU" else "a"


def Param(
    default: Any = REQUIRED,
    *,
    kind: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: Sequence[Any] | None = None,
    rank: int | None = None,
    nullable: bool | None = None,
    doc: str = "",
    group: str = "",
    advanced: bool = False,
    step: float | None = None,
    brief: bool = False,
    hidden: bool = False,
    listed: bool = True,
    refusal: str = "",
) -> Any:
    """Declare a parameter in a class body (see `ParamInfo`); its kind comes from the annotation unless given."""
    allowed = tuple(choices) if choices is not None else None
    empty = default is None if nullable is None else nullable
    bounds = (ge, gt, le, lt, allowed, rank, empty)
    return ParamInfo("", kind or "", default, *bounds, group, advanced, doc, step, brief, hidden, listed, refusal)


_LARGEST = 1 << 62
"""Whole numbers beyond this are no setting of any layer."""


def _whole(info: ParamInfo, value: Any, owner: str) -> int:
    whole = isinstance(value, numbers.Integral) or (isinstance(value, float) and value.is_integer())
    if not whole or isinstance(value, (bool, np.bool_)):
        raise info.refuse(value, owner, wrong_type=True)
    if abs(value) > _LARGEST or not info.in_range(int(value)):
        raise info.refuse(value, owner)
    return int(value)


def _number(info: ParamInfo, value: Any, owner: str) -> float:
    if not isinstance(value, (bool, np.bool_)) and hasattr(value, "__array__") and getattr(value, "shape", None) == ():
        value = np.asarray(value).item()  # a variable or tensor of one number
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise info.refuse(value, owner, wrong_type=True)
    if not info.in_range(float(value)):
        raise info.refuse(value, owner)
    return value if isinstance(value, int) else float(value)


def _switch(info: ParamInfo, value: Any, owner: str) -> bool:
    if isinstance(value, (bool, np.bool_)) or value in (0, 1):
        return bool(value)
    raise info.refuse(value, owner)


def _word(info: ParamInfo, value: Any, owner: str) -> str:
    if not isinstance(value, str):
        raise info.refuse(value, owner, wrong_type=True)
    return value


def _dims(info: ParamInfo, value: Any, owner: str) -> tuple[int, ...]:
    rank = info.rank or 1
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * rank
    if len(values) != rank:
        raise _no_tuple(info, value, values).refuse(value, owner)
    try:
        return tuple(_whole(info, v, owner) for v in values)
    except ParamError:
        raise _no_tuple(info, value, values).refuse(value, owner) from None


def _no_tuple(info: ParamInfo, value: Any, values: tuple[Any, ...]) -> ParamInfo:
    """The description with Keras's sentence about a wrong tuple, unless it has one of its own."""
    if info.refusal:
        return info
    said = f"The `{info.name}` argument must be a tuple of {info.rank or 1} integers. Received {info.name}={value}"
    small = {v for v in values if isinstance(v, numbers.Integral) and not info.in_range(int(v))}
    if small:
        said += f", including values {small} that do not satisfy `value {'> 0' if info.ge else '>= 0'}`"
    return replace(info, refusal=f"{said}.".replace("{", "{{").replace("}", "}}"))


def _range(info: ParamInfo, value: Any, owner: str) -> Any:
    if not isinstance(value, (list, tuple)):
        return _number(info, value, owner)
    if len(value) != 2:
        raise info.refuse(value, owner)
    return tuple(_number(info, v, owner) for v in value)


def _axes(info: ParamInfo, value: Any, owner: str) -> tuple[int | None, ...]:
    if isinstance(value, numbers.Integral):
        value = (value,)
    if not isinstance(value, (list, tuple)):
        raise info.refuse(value, owner)
    return tuple(None if v is None else _whole(info, v, owner) for v in value)


_CHECKS: dict[str, Callable[[ParamInfo, Any, str], Any]] = {
    "int": _whole,
    "float": _number,
    "bool": _switch,
    "str": _word,
    "Dims": _dims,
    "Range": _range,
    "Shape": _axes,
    "Any": lambda info, value, owner: value,
}


@dataclass(frozen=True)
class KindInfo:
    """How objects of a kind are found by name or config, and written into configs."""

    get: Callable[[Any], Any]
    serialize: Callable[[Any], Any]


_KINDS: dict[str, KindInfo] = {}


def register_kind(kind: str, *, get: Callable[[Any], Any], serialize: Callable[[Any], Any]) -> None:
    """Tell how parameters of a kind ("Initializer", "Activation", ...) resolve and serialize."""
    _KINDS[kind] = KindInfo(get, serialize)


def _resolve(info: ParamInfo, value: Any, owner: str) -> Any:
    resolver = _KINDS.get(info.kind)
    if resolver is None:
        raise KeyError(f"{owner}.{info.name}: no kind of parameter is called {info.kind!r}")
    try:
        return resolver.get(value)
    except ParamError:
        raise
    except (ValueError, TypeError) as error:
        message = f"{owner}: {info.name} is {info.describe()}. {error}"
        raise ParamError(message, owner=owner, param=info.name, value=value) from error


def serialize_value(info: ParamInfo, value: Any) -> Any:
    """A parameter's value as it stands in a config."""
    if value is None or info.kind not in _KINDS:
        return value
    return _KINDS[info.kind].serialize(value)


class Declared:
    """Base of classes whose parameters are declared with `Param`.

    Class keywords: `keras="module:Name"` registers the class; `kind` is inherited ("layer", "optimizer", ...).
    Unless a class writes its own `__init__`, it gets one with its parameters in order of declaration, those of its
    bases first (less those named by `drop=`), that checks each value, sets it as attribute and calls `setup()`.
    """

    PARAMS: dict[str, ParamInfo] = {}
    KIND: str = ""
    CATEGORY: str = ""
    SINCE: str = "0.1"
    BASE_ARGUMENTS: tuple[str, ...] = ()
    """Arguments of the base that the constructor names after the declared ones."""
    OPEN: bool | None = None
    """Whether the signature shows `**kwargs` for the base's other arguments; None: if the base takes any.

    Where it shows them and the base takes none, others are passed over.
    """

    def __init_subclass__(
        cls, keras: str | None = None, category: str | None = None, drop: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, ParamInfo)}
        for name, info in own.items():
            info.name = name
            info.kind = info.kind or _kind_of(cls, name, info)
            if info.default is REQUIRED:
                delattr(cls, name)
            else:
                setattr(cls, name, info.default)
        inherited = {name: info for name, info in _params(cls).items() if name not in drop}
        cls.PARAMS = {**{k: v for k, v in inherited.items() if k not in own}, **own}
        if category is not None:
            cls.CATEGORY = category
        if (own or (keras and _inherits_root_constructor(cls))) and "__init__" not in vars(cls):
            setattr(cls, "__init__", _constructor(cls))  # noqa: B010  (mypy refuses the assignment)
        if keras is not None:
            registry.register(cls.KIND, cls, keras.partition(":")[2], keras)

    def setup(self) -> None:
        """Called when all declared parameters are set."""

    def declared_config(self) -> dict[str, Any]:
        """The declared parameters in the form that configs hold."""
        values = {name: (info, getattr(self, name)) for name, info in self.PARAMS.items()}
        return {
            name: serialize_value(info, value)
            for name, (info, value) in values.items()
            if not (info.brief and value == info.default)
        }

    def set_declared(self, values: Mapping[str, Any], params: Mapping[str, ParamInfo] | None = None) -> None:
        """Check and set declared parameters from `values`; defaults for those missing."""
        owner = type(self).__name__
        for name, info in (self.PARAMS if params is None else params).items():
            if name in values:
                value = values[name]
            elif info.required:
                raise ParamTypeError(
                    f"{owner}: {name} has to be given; it is {info.describe()}.", owner=owner, param=name
                )
            else:
                value = info.default
            setattr(self, name, info.check(value, owner))


def _params(cls: type) -> dict[str, ParamInfo]:
    for base in cls.__mro__[1:]:
        if "PARAMS" in vars(base):
            found: dict[str, ParamInfo] = vars(base)["PARAMS"]
            return found
    return {}


def _kind_of(cls: type, name: str, info: ParamInfo) -> str:
    annotation = str(vars(cls).get("__annotations__", {}).get(name, "Any"))
    parts = [part.strip() for part in annotation.split("|")]
    if "None" in parts:
        info.nullable = True
        parts.remove("None")
    return parts[0].rpartition(".")[2] if parts else "Any"


def _base_constructor(cls: type) -> tuple[type, Callable[..., None]]:
    """The nearest constructor above that somebody wrote, and its class."""
    bases = (b for b in cls.__mro__[1:] if "__init__" in vars(b))
    return next((b, vars(b)["__init__"]) for b in bases if not getattr(vars(b)["__init__"], "_declared", False))


def _inherits_root_constructor(cls: type) -> bool:
    return "KIND" in vars(_base_constructor(cls)[0])


def _constructor(cls: type) -> Callable[..., None]:
    """`__init__` with the declared parameters first and the base's own keywords after."""
    declared = list(cls.PARAMS)  # type: ignore[attr-defined]
    listed = [info.name for info in cls.PARAMS.values() if info.listed]  # type: ignore[attr-defined]
    names = [*listed, *cls.BASE_ARGUMENTS]  # type: ignore[attr-defined]
    base_init = _base_constructor(cls)[1]
    takes_more = _takes_more(base_init)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        owner = type(self).__name__
        if len(args) > len(names):
            raise TypeError(f"{owner} takes at most {len(names)} positional arguments, but {len(args)} were given.")
        for name, value in zip(names, args, strict=False):
            if name in kwargs:
                raise TypeError(f"{owner}() got multiple values for argument '{name}'")
            kwargs[name] = value
        values = {name: kwargs.pop(name) for name in declared if name in kwargs}
        base_init(self, **({} if cls.OPEN and not takes_more else kwargs))  # type: ignore[attr-defined]
        self.set_declared(values, cls.PARAMS)  # type: ignore[attr-defined]
        self.setup()

    __init__._declared = True  # type: ignore[attr-defined]
    __init__.__signature__ = _signature(cls, base_init)  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    return __init__


def _takes_more(base_init: Callable[..., None]) -> bool:
    return base_init is not object.__init__ and len(inspect.signature(base_init).parameters) > 1


def _signature(cls: Any, base_init: Callable[..., None]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for info in (info for info in cls.PARAMS.values() if info.listed):
        default = inspect.Parameter.empty if info.required else info.default
        parameters.append(inspect.Parameter(info.name, kind, default=default))
    above = inspect.signature(base_init).parameters
    for name in cls.BASE_ARGUMENTS:
        known = above.get(name, inspect.Parameter(name, kind, default=None))
        parameters.append(known.replace(kind=kind))
    if not _ordered(parameters):
        parameters = _keyword_only(parameters)
    if _takes_more(base_init) if cls.OPEN is None else cls.OPEN:
        parameters.append(inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters)


def _ordered(parameters: list[inspect.Parameter]) -> bool:
    """Whether no required parameter follows one with a default."""
    empty = [p.default is p.empty for p in parameters]
    return empty == sorted(empty, reverse=True)


def _keyword_only(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    head = [p for p in parameters if p.default is p.empty]
    tail = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters if p.default is not p.empty]
    return [*head, *tail]
