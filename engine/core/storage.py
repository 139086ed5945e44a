"""Where a plan's values live: lifetimes, blocks of the arena, reuse in place, direct writes to variables."""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np

from engine.core import dtypes
from engine.core.errors import TraceError
from engine.core.graph import Graph, Node
from engine.core.tensor import Spec, Symbol, Variable
from engine.kernels.memory import aligned_empty

ALIGNMENT = 64
_END = 1 << 60


class Arena:
    """One growing piece of aligned memory into which all values of a plan are laid."""

    def __init__(self) -> None:
        self._memory = aligned_empty((0,), np.uint8)

    @property
    def size(self) -> int:
        return len(self._memory)

    def reserve(self, size: int) -> bool:
        """Make room for `size` bytes; True if the memory moved."""
        if size <= len(self._memory):
            return False
        self._memory = aligned_empty((size,), np.uint8)
        return True

    def view(self, offset: int, spec: Spec) -> np.ndarray[Any, Any]:
        """An array over the arena's memory; texts are Python objects and get memory of their own."""
        dtype = dtypes.numpy_dtype(spec.dtype)
        shape = tuple(dim or 0 for dim in spec.shape)
        if dtype.hasobject:
            return np.empty(shape, dtype)
        count = math.prod(shape) * dtype.itemsize
        return self._memory[offset : offset + count].view(dtype).reshape(shape)


class _FreeList:
    """Free intervals of the arena, best fit first."""

    def __init__(self) -> None:
        self._free: list[tuple[int, int]] = []  # (offset, size), sorted by offset
        self.end = 0

    def take(self, size: int) -> int:
        fits = [(length, offset) for offset, length in self._free if length >= size]
        if not fits:
            return self._grow(size)
        length, offset = min(fits)
        self._free.remove((offset, length))
        if length > size:
            bisect.insort(self._free, (offset + size, length - size))
        return offset

    def _grow(self, size: int) -> int:
        """Take from the end, using a free tail if there is one."""
        offset = self.end
        if self._free and sum(self._free[-1]) == self.end:
            offset = self._free.pop()[0]
        self.end = offset + size
        return offset

    def give(self, offset: int, size: int) -> None:
        if not size:
            return
        place = bisect.bisect(self._free, (offset, size))
        if place < len(self._free) and offset + size == self._free[place][0]:
            size += self._free.pop(place)[1]
        if place and sum(self._free[place - 1]) == offset:
            before = self._free.pop(place - 1)
            offset, size = before[0], before[1] + size
            place -= 1
        self._free.insert(place, (offset, size))


class Layout:
    """The storage of every value of a graph for fixed input shapes.

    Attributes:
        blocks: offset in the arena by symbol id.
        views: ids of nodes whose output is a view of their first input.
        direct: by symbol id the variable in whose memory the value is computed.
        variables: all variables read or assigned.
        size: bytes of arena needed.
    """

    def __init__(self, graph: Graph, shapes: tuple[tuple[int, ...], ...]) -> None:
        self._graph = graph
        self._specs: dict[int, Spec] = {}
        self._fakes: dict[int, np.ndarray[Any, Any]] = {}
        self._root: dict[int, Symbol] = {}
        self.views: set[int] = set()
        self.blocks: dict[int, int] = {}
        self.direct: dict[int, Variable] = {}
        self.variables = self.variables_of(graph)
        self._fixed = {id(s) for _, s in graph.reads} | {id(s) for _, s in graph.constants}
        self._resolve(shapes)
        self._last = self._last_uses()
        self._choose_direct()
        self.size = self._allocate()
        self._fakes.clear()

    @staticmethod
    def variables_of(graph: Graph) -> list[Variable]:
        found = {id(v): v for v, _ in (*graph.reads, *graph.writes)}
        return list(found.values())

    def spec(self, symbol: Symbol) -> Spec:
        return self._specs[id(symbol)]

    def is_state(self, symbol: Symbol) -> bool:
        """Whether the value lies in some variable's memory."""
        root = self._root[id(symbol)]
        return id(root) in self._fixed or id(root) in self.direct

    def _resolve(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Concrete specs, and which values are views of which."""
        for symbol, shape in zip(self._graph.inputs, shapes, strict=True):
            self._own(symbol, Spec(tuple(shape), symbol.dtype))
        for _, symbol in (*self._graph.reads, *self._graph.constants):
            self._own(symbol, symbol.spec)
        for node in self._graph.nodes:
            given = [None if x is None else self._specs[id(x)] for x in node.inputs]
            specs = node.op.specs(given, node.attrs)
            for symbol, spec in zip(node.outputs, specs, strict=True):
                if None in spec.shape:
                    raise TraceError(
                        f"The length of an axis that {node.op.name} makes is known only when it has run (shape "
                        f"{spec.shape})."
                    )
                self._own(symbol, spec)
            if node.op.view and self._can_view(node):
                self._alias(node)

    def _own(self, symbol: Symbol, spec: Spec) -> None:
        self._specs[id(symbol)] = spec
        self._root[id(symbol)] = symbol
        self._fakes[id(symbol)] = _fake(spec)

    def _can_view(self, node: Node) -> bool:
        """A reshape of a strided value would copy; every other view op only changes strides."""
        source = node.inputs[0]
        return node.op.name != "reshape" or bool(self._fakes[id(source)].flags.c_contiguous)

    def _alias(self, node: Node) -> None:
        source, target = node.inputs[0], node.outputs[0]
        self.views.add(id(node))
        self._root[id(target)] = self._root[id(source)]
        rest = [None if x is None else self._fakes[id(x)] for x in node.inputs[1:]]
        self._fakes[id(target)] = node.op.kernel(self._fakes[id(source)], *rest, **node.attrs)

    def _last_uses(self) -> dict[int, int]:
        last: dict[int, int] = {}
        for i, node in enumerate(self._graph.nodes):
            if id(node) in self.views:
                continue
            for j, x in enumerate(node.inputs):
                if x is not None and j not in node.op.shape_only:
                    last[id(self._root[id(x)])] = i
        for s in self._graph.outputs:
            if s is not None:
                last[id(self._root[id(s)])] = _END
        for _, s in self._graph.writes:
            root = self._root[id(s)]
            last[id(root)] = max(last.get(id(root), 0), _END)
        return last

    def _choose_direct(self) -> None:
        """New values of variables that can be computed in the variable's own memory."""
        old = {id(v): s for v, s in self._graph.reads}
        index = {id(y): i for i, node in enumerate(self._graph.nodes) for y in node.outputs}
        for variable, symbol in self._graph.writes:
            node = symbol.node
            if node is None or id(node) in self.views or id(symbol) in self.direct or id(symbol) not in index:
                continue
            spec = self._specs[id(symbol)]
            if spec != Spec(variable.shape, variable.dtype):
                continue
            before = old.get(id(variable))
            if before is None or self._may_overwrite(before, node, symbol, index[id(symbol)]):
                self.direct[id(symbol)] = variable

    def _may_overwrite(self, before: Symbol, node: Node, symbol: Symbol, position: int) -> bool:
        last = self._last.get(id(before), -1)
        if last > position:
            return False
        allowed = node.op.inplace.get(symbol.index, ())
        uses = [j for j, x in enumerate(node.inputs) if x is not None and self._root[id(x)] is before]
        uses = [j for j in uses if j not in node.op.shape_only]
        return all(j in allowed and node.inputs[j] is before for j in uses) and len(uses) <= 1

    def _allocate(self) -> int:
        free = _FreeList()
        owner: dict[int, tuple[int, int]] = {}
        expiring: dict[int, list[Symbol]] = {}
        for symbol in self._graph.inputs:
            self._place(symbol, free, owner)
            expiring.setdefault(self._last.get(id(symbol), -1), []).append(symbol)
        for i, node in enumerate(self._graph.nodes):
            if id(node) in self.views:
                continue
            taken: set[int] = set()
            for y in node.outputs:
                if id(y) in self.direct:
                    continue
                donor = self._donor(node, y, i, taken, owner)
                if donor is not None:
                    taken.add(id(donor))
                    owner[id(y)] = owner.pop(id(donor))
                    self.blocks[id(y)] = owner[id(y)][0]
                else:
                    self._place(y, free, owner)
                expiring.setdefault(max(self._last.get(id(y), i), i), []).append(y)
            for symbol in expiring.pop(i, ()):
                if id(symbol) in owner:
                    free.give(*owner.pop(id(symbol)))
        return free.end

    def _place(self, symbol: Symbol, free: _FreeList, owner: dict[int, tuple[int, int]]) -> None:
        size = -(-self._bytes(symbol) // ALIGNMENT) * ALIGNMENT
        offset = free.take(size) if size else 0
        owner[id(symbol)] = (offset, size)
        self.blocks[id(symbol)] = offset

    def _bytes(self, symbol: Symbol) -> int:
        spec = self._specs[id(symbol)]
        dtype = dtypes.numpy_dtype(spec.dtype)
        return 0 if dtype.hasobject else math.prod(dim or 0 for dim in spec.shape) * dtype.itemsize

    def _donor(
        self, node: Node, target: Symbol, position: int, taken: set[int], owner: dict[int, tuple[int, int]]
    ) -> Symbol | None:
        """An input that dies here and over which the op may write its output."""
        for j in node.op.inplace.get(target.index, ()):
            x = node.inputs[j] if j < len(node.inputs) else None
            if x is None:
                continue
            root = self._root[id(x)]
            if (
                id(root) in owner
                and id(root) not in taken
                and self._last.get(id(root)) == position
                and self._specs[id(x)] == self._specs[id(target)]
                and self._bytes(root) == self._bytes(target)
                and self._fakes[id(x)].flags.c_contiguous
                and all(z is None or self._root[id(z)] is not root or z is x for z in node.inputs)
            ):
                return root
        return None


def _fake(spec: Spec) -> np.ndarray[Any, Any]:
    """An array of the spec's shape and strides without its memory; only its layout may be asked."""
    dtype = dtypes.numpy_dtype(spec.dtype)
    strides, step = [], dtype.itemsize
    for dim in reversed(spec.shape):
        strides.append(step)
        step *= max(dim or 0, 1)
    shape = tuple(dim or 0 for dim in spec.shape)
    return np.lib.stride_tricks.as_strided(np.zeros(1, dtype), shape, strides[::-1], writeable=False)
