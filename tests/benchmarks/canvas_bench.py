"""Times of the canvas: building, frames, dragging and zooming with 1,000 and 5,000 layers, in milliseconds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from designer.canvas.view import CanvasView
from designer.core.document import Document, Edge, Node
from designer.core.project import Project
from designer.editing.workspace import Workspace
from designer.look import theme

SIZE = (1600, 900)
REPEATS = 15
GOALS = {
    "1,000 nodes: build": 100.0,
    "1,000 nodes: frame at fit": 3.0,
    "1,000 nodes: frame at 100 %": 6.0,
    "1,000 nodes: drag a node": 1.0,
    "1,000 nodes: zoom step at fit": 8.0,
    "1,000 nodes: zoom step at 100 %": 8.0,
    "5,000 nodes: build": 400.0,
    "5,000 nodes: frame at fit": 6.0,
    "5,000 nodes: drag when zoomed out": 8.0,
}
"""Milliseconds that a figure should not pass."""


def chain(count: int) -> Document:
    """A line of layers of mixed families, laid out in rows that read like text."""
    types: list[tuple[str, dict[str, object]]] = [
        ("Dense", {"units": 32}),
        ("Activation", {"activation": "relu"}),
        ("BatchNormalization", {}),
        ("Dropout", {"rate": 0.3}),
    ]
    document, columns = Document("bench"), max(int((count * 1.2) ** 0.5), 1)
    with document.transaction():
        for i in range(count):
            kind, params = ("Input", {"shape": [32]}) if i == 0 else types[i % len(types)]
            position = (float(i % columns * 200), float(i // columns * 160))
            document.write_node(Node(f"n{i + 1}", kind, f"layer_{i + 1}", params, position))
        for i in range(1, count):
            document.write_edge(Edge(f"n{i}", f"n{i + 1}"))
    return document


def _median(action: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _frame(view: CanvasView) -> None:
    view.viewport().repaint()


def measure(count: int) -> dict[str, float]:
    """All times for a graph of this many layers."""
    workspace = Workspace(Project(chain(count)))
    start = time.perf_counter()
    view = CanvasView(workspace)
    found = {"build": (time.perf_counter() - start) * 1000}
    view.resize(*SIZE)
    view.show()
    QApplication.processEvents()
    view.fit()
    _frame(view)
    found["frame at fit"] = _median(lambda: _frame(view))
    found["drag when zoomed out"] = _drag(view, with_frame=True)
    found["zoom step at fit"] = _zoom(view)
    view.zoom_to(1.0)
    view.centerOn(QPointF(2400, 1200))
    _frame(view)
    found["frame at 100 %"] = _median(lambda: _frame(view))
    found["drag a node"] = _drag(view, with_frame=False)
    found["zoom step at 100 %"] = _zoom(view)
    view.close()
    view.deleteLater()
    workspace.close()
    return {key: round(value, 3) for key, value in found.items()}


def _drag(view: CanvasView, with_frame: bool) -> float:
    """One step of dragging a layer in the middle, with the frame that follows it or alone."""
    node = f"n{len(view.canvas.nodes) // 2}"
    origin = view.canvas.nodes[node].pos()
    steps = iter(range(1, REPEATS + 1))

    def step() -> None:
        view.canvas.place(node, origin + QPointF(8.0 * next(steps), 0))
        if with_frame:
            _frame(view)

    result = _median(step)
    view.canvas.place(node, origin)
    view.canvas.settle()
    return result


def _zoom(view: CanvasView) -> float:
    """One wheel step with its frame; every second step goes back."""
    before, turn = view.zoom, iter(range(REPEATS))

    def step() -> None:
        view.zoom_by(1.05 if next(turn) % 2 == 0 else 1 / 1.05)
        _frame(view)

    result = _median(step)
    view.zoom_to(before)
    return result


def run(quick: bool = False) -> dict[str, float]:
    """Every figure: "1,000 nodes: build" and so on, in milliseconds; the quick run leaves out 5,000 nodes."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    measure(50)
    return {
        f"{count:,} nodes: {key}": value
        for count in ((1000,) if quick else (1000, 5000))
        for key, value in measure(count).items()
    }


if __name__ == "__main__":
    for name, milliseconds in run().items():
        print(f"{name:40} {milliseconds:9.2f} ms")
