"""The engine's typed errors. Each carries a sentence for the person and the facts behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ShapeError(ValueError):
    """Shapes that do not fit together.

    Attributes:
        message: the sentence without the name of the layer.
        layer: path of the layer in which it happened, when known.
        op: name of the op that refused.
        shapes: the shapes of the op's inputs, batch axis first.
        rule: the rule with its numbers, for example "(2 − 5)/1 + 1 = −2".
        hint: what to do about it.
        first: Keras's sentence, which comes before all else.
    """

    def __init__(
        self,
        message: str,
        *,
        layer: str | None = None,
        op: str | None = None,
        shapes: Sequence[Any] = (),
        rule: str = "",
        hint: str = "",
        first: str = "",
    ) -> None:
        self.first = first
        self.message = message
        self.layer = layer
        self.op = op
        self.shapes = tuple(shapes)
        self.rule = rule
        self.hint = hint
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        parts = [self.message]
        if self.shapes:
            parts.append("Inputs: " + ", ".join(str(shape) for shape in self.shapes) + ".")
        if self.rule:
            parts.append(f"Rule: {self.rule}.")
        if self.hint:
            parts.append(self.hint)
        text = " ".join(parts)
        text = f"{self.layer}: {text}" if self.layer else text
        return f"{self.first} {text}" if self.first else text

    def within(self, layer: str) -> ShapeError:
        """The same error, told from the layer at path `layer` (the innermost layer wins)."""
        if self.layer:
            return self
        return ShapeError(
            self.message,
            layer=layer,
            op=self.op,
            shapes=self.shapes,
            rule=self.rule,
            hint=self.hint,
            first=self.first,
        ).with_traceback(self.__traceback__)


class ParamError(ValueError):
    """A parameter outside its declared type or range.

    Attributes:
        owner: class name of the object that declares the parameter.
        param: name of the parameter.
        value: what was given.
        message: the sentence without Keras's own, which comes first.
    """

    def __init__(self, message: str, *, owner: str = "", param: str = "", value: Any = None, first: str = "") -> None:
        super().__init__(f"{first} {message}" if first else message)
        self.message = message
        self.owner = owner
        self.param = param
        self.value = value


class ParamTypeError(ParamError, TypeError):
    """A parameter of another type than the declared one."""


class LoadError(ValueError):
    """A file that was refused.

    Attributes:
        member: the part of the file in which the reason lies.
        reason: the reason without the member's name.
    """

    def __init__(self, message: str, *, member: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.member = member
        self.reason = reason or message


class TraceError(RuntimeError):
    """Python asked for the value of a symbol while a function was being traced."""
