"""Event files for TensorBoard, written with the `tensorboard` package's own writer and messages."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core.graph import Graph

_BUCKETS = 30


def writer_class() -> Any:
    """TensorBoard's writer of event files.

    Raises:
        ImportError: the package is not installed.
    """
    try:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError as error:
        raise ImportError(
            "TensorBoard: the callback writes with the package `tensorboard`, which is not installed. "
            'Install it with `pip install tensorboard` (or the extra "tensorboard" of this program), or log with '
            "CSVLogger, which needs nothing."
        ) from error
    return EventFileWriter


class EventFile:
    """One event file in a folder, made when the first event is written."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._writer: Any = None

    def _add(self, **content: Any) -> None:
        from tensorboard.compat.proto import event_pb2

        if self._writer is None:
            self._writer = writer_class()(self._folder)
        self._writer.add_event(event_pb2.Event(wall_time=time.time(), **content))

    def _value(self, step: int, tag: str, **content: Any) -> None:
        from tensorboard.compat.proto import summary_pb2

        value = summary_pb2.Summary.Value(tag=tag, **content)
        self._add(step=int(step), summary=summary_pb2.Summary(value=[value]))

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """One figure."""
        self._value(step, tag, simple_value=float(value))

    def histogram(self, tag: str, values: np.ndarray[Any, Any], step: int) -> None:
        """How values are spread, in 30 buckets of equal width."""
        from tensorboard.compat.proto import histogram_pb2

        flat = np.asarray(values, "float64").ravel()
        flat = flat[np.isfinite(flat)]
        if not flat.size:
            return
        low, high = float(flat.min()), float(flat.max())
        counts, edges = np.histogram(
            flat, _BUCKETS, (low, high) if high > low else (low, low + 1e-12 + abs(low) * 1e-9)
        )
        moments = {"sum": float(flat.sum()), "sum_squares": float(flat @ flat)}
        histogram = histogram_pb2.HistogramProto(
            min=low, max=high, num=flat.size, bucket_limit=edges[1:].tolist(), bucket=counts.tolist(), **moments
        )
        self._value(step, tag, histo=histogram)

    def image(self, tag: str, pixels: np.ndarray[Any, Any], step: int) -> None:
        """A picture (height, width, 1, 3 or 4 channels) of floats from 0 to 1."""
        from PIL import Image
        from tensorboard.compat.proto import summary_pb2

        height, width, channels = pixels.shape
        octets = (np.clip(np.nan_to_num(pixels.astype("float64")), 0, 1) * 255 + 0.5).astype("uint8")
        stream = io.BytesIO()
        Image.fromarray(octets[..., 0] if channels == 1 else octets).save(stream, "PNG")
        picture = summary_pb2.Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=stream.getvalue()
        )
        self._value(step, tag, image=picture)

    def keras_model(self, tag: str, config: str) -> None:
        """A model's configuration, which TensorBoard shows as its conceptual graph."""
        from tensorboard.compat.proto import summary_pb2, tensor_pb2, types_pb2

        plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[config.encode()])
        self._value(0, tag, tensor=tensor, metadata=summary_pb2.SummaryMetadata(plugin_data=plugin))

    def graph(self, graph: Graph) -> None:
        """The ops of a compiled step and how they hang together."""
        self._add(graph_def=graph_definition(graph).SerializeToString())

    def flush(self) -> None:
        """Write out what waits."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """End the file; the next event begins a new one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def graph_definition(graph: Graph) -> Any:
    """The traced graph as TensorBoard's message: inputs, variables and constants first, then the ops in order."""
    from tensorboard.compat.proto import graph_pb2, versions_pb2

    definition = graph_pb2.GraphDef(versions=versions_pb2.VersionDef(producer=22))
    names: dict[int, str] = {}
    taken: dict[str, int] = {}

    def add(name: str, op: str, inputs: Sequence[str], outputs: Sequence[Any]) -> None:
        count = taken.get(name, 0)
        taken[name] = count + 1
        unique = f"{name}_{count}" if count else name
        definition.node.add(name=unique, op=op, input=inputs)
        for i, symbol in enumerate(outputs):
            names[id(symbol)] = f"{unique}:{i}" if i else unique

    for symbol in graph.inputs:
        add("input", "Placeholder", (), [symbol])
    for variable, symbol in graph.reads:
        add(str(variable.path).replace(":", "_"), "Variable", (), [symbol])
    for _, symbol in graph.constants:
        add("constant", "Const", (), [symbol])
    for node in graph.nodes:
        add(node.op.name, node.op.name, [names[id(x)] for x in node.inputs if x is not None], node.outputs)
    for variable, symbol in graph.writes:
        add(str(variable.path).replace(":", "_") + "/assign", "Assign", [names[id(symbol)]], ())
    return definition
