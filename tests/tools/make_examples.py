"""Makes the example projects in resources/examples: draws, trains and saves each. Run it as a script."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from designer.core.commands import AddNode, Connect, SetData, SetFrame, SetNote, SetTraining  # noqa: E402
from designer.core.document import Document, Edge, Frame, Node, Note  # noqa: E402
from designer.core.project import Project, RunRecord, write  # noqa: E402
from designer.core.settings import Choice, DataSettings, TrainingSettings  # noqa: E402
from designer.training import protocol as p  # noqa: E402
from designer.training.jobs import job_for  # noqa: E402
from designer.training.metrics import MetricSeries  # noqa: E402
from designer.training.worker import Control, Trainer  # noqa: E402

CONV = {"filters": 16, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}


class Drawing:
    """A document being drawn."""

    def __init__(self, name: str, source: str, training: TrainingSettings, **options: Any) -> None:
        self.document = Document(name)
        SetData(DataSettings(source=source, options=options, seed=7)).do(self.document)
        SetTraining(training).do(self.document)

    def add(self, kind: str, name: str, column: float, row: float, *sources: str, **params: Any) -> str:
        """A layer at a column and row, fed by others; its id."""
        node = Node(self.document.fresh_id(), kind, name, params, (column * 200.0, row * 120.0))
        AddNode(node).do(self.document)
        for port, source in enumerate(sources):
            Connect(Edge(source, node.id, port)).do(self.document)
        return node.id

    def line(self, *layers: tuple[str, str, dict[str, Any]]) -> None:
        """Layers one after the other."""
        before: tuple[str, ...] = ()
        for column, (kind, name, params) in enumerate(layers):
            before = (self.add(kind, name, column, 0, *before, **params),)


def digits_residual() -> Document:
    d = Drawing("digits-residual", "digits", TrainingSettings(epochs=30, seed=7))
    start = d.add("Input", "digits", 0, 1)
    first = d.add("Conv2D", "conv_1", 1, 1, start, **CONV)
    second = d.add("Conv2D", "conv_2", 2, 1, first, **CONV)
    norm = d.add("BatchNormalization", "norm", 3, 1, second)
    add = d.add("Add", "add", 4, 1, first, norm)
    pool = d.add("MaxPooling2D", "pool", 0, 3, add)
    flat = d.add("Flatten", "flatten", 1, 3, pool)
    drop = d.add("Dropout", "dropout", 2, 3, flat, rate=0.3)
    d.add("Dense", "digit", 3, 3, drop, units=10, activation="softmax")
    frame, note = d.document.fresh_id(), d.document.fresh_id()
    SetFrame(frame, Frame(frame, "Residual block", (384.0, 56.0), (572.0, 164.0))).do(d.document)
    words = "Why the skip?\nadd gives conv_1 a short road for its gradient."
    SetNote(note, Note(note, words, (792.0, 360.0), (164.0, 76.0))).do(d.document)
    return d.document


def digits_cnn() -> Document:
    d = Drawing(
        "digits", "digits", TrainingSettings(epochs=40, seed=3, optimizer=Choice("Adam", {"learning_rate": 0.002}))
    )
    d.line(
        ("Input", "digits", {}),
        ("Conv2D", "conv_1", CONV),
        ("Conv2D", "conv_2", CONV),
        ("MaxPooling2D", "pool", {}),
        ("Flatten", "flatten", {}),
        ("Dropout", "dropout", {"rate": 0.3}),
        ("Dense", "digit", {"units": 10, "activation": "softmax"}),
    )
    return d.document


def iris() -> Document:
    training = TrainingSettings(epochs=80, batch_size=16, seed=1, optimizer=Choice("Adam", {"learning_rate": 0.01}))
    d = Drawing("iris", "iris", training)
    d.line(
        ("Input", "lengths", {}),
        ("Dense", "hidden", {"units": 16, "activation": "relu"}),
        ("Dense", "kind", {"units": 3, "activation": "softmax"}),
    )
    return d.document


def moons() -> Document:
    training = TrainingSettings(epochs=60, batch_size=16, seed=1, optimizer=Choice("Adam", {"learning_rate": 0.01}))
    d = Drawing("moons", "moons", training, noise=0.15)
    d.line(
        ("Input", "point", {}),
        ("Dense", "hidden_1", {"units": 16, "activation": "relu"}),
        ("Dense", "hidden_2", {"units": 16, "activation": "relu"}),
        ("Dense", "moon", {"units": 2, "activation": "softmax"}),
    )
    return d.document


def sine_waves() -> Document:
    training = TrainingSettings(epochs=30, batch_size=32, seed=1, optimizer=Choice("Adam", {"learning_rate": 0.01}))
    d = Drawing("sine-waves", "sines", training)
    d.line(("Input", "values", {}), ("LSTM", "memory", {"units": 16}), ("Dense", "next_value", {"units": 1}))
    return d.document


def two_branches() -> Document:
    training = TrainingSettings(epochs=60, batch_size=16, seed=2)
    d = Drawing("two-branches", "wine", training)
    start = d.add("Input", "wine", 0, 1)
    wide = d.add("Dense", "wide", 1, 0, start, units=32, activation="relu")
    deep_1 = d.add("Dense", "deep_1", 1, 2, start, units=16, activation="relu")
    deep_2 = d.add("Dense", "deep_2", 2, 2, deep_1, units=16, activation="relu")
    skip = d.add("Add", "skip", 3, 2, deep_1, deep_2)
    both = d.add("Concatenate", "both", 4, 1, wide, skip)
    d.add("Dense", "grower", 5, 1, both, units=3, activation="softmax")
    return d.document


def tiny_transformer() -> Document:
    training = TrainingSettings(epochs=40, seed=4, optimizer=Choice("Adam", {"learning_rate": 0.003}))
    d = Drawing("tiny-transformer", "digits", training)
    start = d.add("Input", "digits", 0, 1)
    rows = d.add("Reshape", "rows", 1, 1, start, target_shape=[8, 8])
    embed = d.add("Dense", "embed", 2, 1, rows, units=32)
    attend = d.add("MultiHeadAttention", "attend", 3, 0, embed, embed, num_heads=4, key_dim=8)
    add_1 = d.add("Add", "add_1", 4, 1, embed, attend)
    norm_1 = d.add("LayerNormalization", "norm_1", 0, 3, add_1)
    wide = d.add("Dense", "wide", 1, 3, norm_1, units=64, activation="relu")
    narrow = d.add("Dense", "narrow", 2, 3, wide, units=32)
    add_2 = d.add("Add", "add_2", 3, 3, norm_1, narrow)
    norm_2 = d.add("LayerNormalization", "norm_2", 4, 3, add_2)
    flat = d.add("Flatten", "flatten", 0, 5, norm_2)
    d.add("Dense", "digit", 1, 5, flat, units=10, activation="softmax")
    return d.document


EXAMPLES: dict[str, Callable[[], Document]] = {
    "1-iris": iris,
    "2-moons": moons,
    "3-digits": digits_cnn,
    "4-digits-residual": digits_residual,
    "5-sine-waves": sine_waves,
    "6-two-branches": two_branches,
    "7-tiny-transformer": tiny_transformer,
}


class _Lines(io.RawIOBase):
    """Keeps the trainer's events."""

    def __init__(self) -> None:
        self.series, self.finished = MetricSeries(), None

    def write(self, line: Any) -> int:
        event = p.decode_event(bytes(line))
        if isinstance(event, p.Epoch):
            self.series.add(event)
        elif isinstance(event, p.Finished):
            self.finished = event  # type: ignore[assignment]
        return len(line)


def trained(document: Document) -> Project:
    """The project after training as its settings say."""
    lines = _Lines()
    with tempfile.TemporaryDirectory() as folder:
        job = job_for(document, Path(folder))
        Trainer(job, lines, Control()).run()
        ended: Any = lines.finished
        weights = Path(ended.weights).read_bytes()
    run = RunRecord(
        1, ended.reason, job.seed, ended.epochs, lines.series.history(), ended.test, round(ended.seconds, 2)
    )
    return Project(document, weights, [run])


if __name__ == "__main__":
    for file, draw in EXAMPLES.items():
        project = trained(draw())
        write(project, ROOT / "resources" / "examples" / f"{file}.keras")
        print(file, project.runs[0].test)
