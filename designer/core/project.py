"""Project files: one `.keras` file that Keras opens, with the drawing, the settings and the runs beside the model."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec

from designer.core.checks import record_problem
from designer.core.document import PORTS, Document, Edge, Frame, Node, Note
from designer.core.errors import Refused
from designer.core.settings import DataSettings, TrainingSettings
from designer.core.text import tr
from engine.core.errors import LoadError

MEMBER, RUNS = "designer.json", "designer/runs.json"
VERSION = 1
BUILD_ERRORS = (ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError)
"""What building a network from senseless settings can end in; such a network is unfinished."""

PARAMETERS = 1 << 30
"""Most numbers that a network's weights may hold for a file to keep them."""


Place = Annotated[float, msgspec.Meta(ge=-1e7, le=1e7)]
"""A coordinate of the canvas."""


class NodeRecord(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    type: str
    name: str
    params: dict[str, Any] = {}
    position: tuple[Place, Place] = (0.0, 0.0)
    trainable: bool = True
    bypassed: bool = False


class EdgeRecord(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    target: str
    port: Annotated[int, msgspec.Meta(ge=0, lt=PORTS)] = 0
    output: Annotated[int, msgspec.Meta(ge=0, lt=PORTS)] = 0


class NoteRecord(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    text: str
    position: tuple[Place, Place]
    size: tuple[Place, Place]


class FrameRecord(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    title: str
    position: tuple[Place, Place]
    size: tuple[Place, Place]


class DocumentRecord(msgspec.Struct, forbid_unknown_fields=True):
    """What `designer.json` holds."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    name: str
    nodes: list[NodeRecord]
    edges: list[EdgeRecord]
    notes: list[NoteRecord] = []
    frames: list[FrameRecord] = []
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()
    trained: bool = False


class RunRecord(msgspec.Struct):
    """One training.

    Attributes:
        number: counted from 1.
        reason: why it ended ("done", "stopped", "early", "nan").
        history: figures by name, one for each epoch.
        test: figures on the test part.
    """

    number: int
    reason: str
    seed: int
    epochs: int
    history: dict[str, list[float]] = {}
    test: dict[str, float] = {}
    seconds: float = 0.0


@dataclass
class Project:
    """A document with what training made of it.

    Attributes:
        weights: content of a weights file that fits the network, or None before training.
        read_only: an example; saving needs another place.
        told: what could not be shown, for the person.
    """

    document: Document
    weights: bytes | None = None
    runs: list[RunRecord] = field(default_factory=list)
    path: Path | None = None
    read_only: bool = False
    told: list[str] = field(default_factory=list)


def record_of(document: Document, trained: bool = False) -> DocumentRecord:
    """The document as plain data."""
    return DocumentRecord(
        version=VERSION,
        name=document.name,
        nodes=[
            NodeRecord(n.id, n.type, n.name, dict(n.params), n.position, n.trainable, n.bypassed)
            for n in document.nodes.values()
        ],
        edges=[EdgeRecord(e.source, e.target, e.port, e.output) for e in document.edges],
        notes=[NoteRecord(n.id, n.text, n.position, n.size) for n in document.notes.values()],
        frames=[FrameRecord(f.id, f.title, f.position, f.size) for f in document.frames.values()],
        data=document.data,
        training=document.training,
        trained=trained,
    )


def document_of(record: DocumentRecord) -> Document:
    """The document that a record describes.

    Raises:
        LoadError: its parts do not fit together.
    """
    if record.version > VERSION:
        raise _refused(tr("it was written by a newer version of Bricklayer. Update the program to open it."))
    reason = record_problem(record)
    if reason is not None:
        raise _refused(reason)
    document = Document(record.name)
    try:
        with document.transaction():
            for n in record.nodes:
                document.write_node(Node(n.id, n.type, n.name, n.params, n.position, n.trainable, n.bypassed))
            for e in record.edges:
                document.write_edge(Edge(e.source, e.target, e.port, e.output), acyclic=True)
            for note in record.notes:
                document.write_note(note.id, Note(note.id, note.text, note.position, note.size))
            for frame in record.frames:
                document.write_frame(frame.id, Frame(frame.id, frame.title, frame.position, frame.size))
            document.write_data(record.data)
            document.write_training(record.training)
    except Refused as error:
        raise _refused(error.sentence) from error
    return document


def _refused(reason: str, member: str = MEMBER) -> LoadError:
    return LoadError(f"{member}: {reason}", member=member, reason=reason)


def _decode(data: bytes, kind: Any, member: str) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(tr("it is not what a project holds: {reason}", reason=str(error)), member) from error


def read(path: str | os.PathLike[str], read_only: bool = False) -> Project:
    """Open a project, or any `.keras` file that Keras wrote (which is laid out).

    Raises:
        LoadError: the file is damaged or holds what is refused; nothing of it was run.
        OSError: it cannot be opened.
    """
    from engine import saving

    archive = saving.read_archive(path)
    source = Path(path)
    if MEMBER in archive.extras:
        record = _decode(archive.extras[MEMBER], DocumentRecord, MEMBER)
        document = document_of(record)
        runs = _decode(archive.extras[RUNS], list[RunRecord], RUNS) if RUNS in archive.extras else []
        return Project(document, archive.weights if record.trained else None, runs, source, read_only)
    if archive.config is None:
        raise _refused(tr("the file holds neither a project nor a model."), "config.json")
    from designer.core.keras_import import document_from_config

    document, told = document_from_config(archive.config, source.stem, archive.assets)
    return Project(document, archive.weights if not told else None, [], source, read_only, told)


def write(project: Project, path: str | os.PathLike[str]) -> None:
    """Write the project; the old file stays whole until the new one is complete.

    While the network has errors the file holds the drawing only, and Keras cannot open it.

    Raises:
        OSError: the disk refuses.
    """
    from engine import saving

    config, weights = model_parts(project)
    trained = project.weights is not None and weights == project.weights
    extras = {MEMBER: msgspec.json.encode(record_of(project.document, trained))}
    if project.runs:
        extras[RUNS] = msgspec.json.encode(project.runs)
    saving.write_archive(path, config=config, weights=weights, extras=extras)


def model_parts(project: Project) -> tuple[dict[str, Any] | None, bytes | None]:
    """Config and weights of the project's model; (None, None) while the network is unfinished.

    The trained weights when they fit the network, fresh ones otherwise. A network too large for a file is unfinished.
    """
    from designer.core.building import build_model
    from engine import saving

    try:
        model = build_model(project.document)
        if model.count_params() > PARAMETERS:
            return None, None
        compile_for(model, project.document)
        return saving.model_config(model), _weights_of(model, project.weights)
    except BUILD_ERRORS:
        return None, None


def _weights_of(model: Any, trained: bytes | None) -> bytes:
    from engine import saving

    if trained is not None:
        try:
            saving.load_weights_bytes(model, trained)
        except LoadError:
            return saving.weights_bytes(model)
        return trained
    return saving.weights_bytes(model)


def compile_for(model: Any, document: Document) -> None:
    """Compile with the document's training settings; nothing when no data are chosen and no loss is set."""
    settings = training_config(document)
    if settings is not None:
        model.compile(**settings)
        model.optimizer.build(model.trainable_variables)


def training_config(document: Document) -> dict[str, Any] | None:
    """Arguments of `compile`: optimizer, loss and metrics as objects and names."""
    from designer.data.prepare import output_for
    from designer.data.sources import SOURCES
    from engine import losses, optimizers

    training, source = document.training, SOURCES.get(document.data.source or "")
    if training.loss is None and source is None:
        return None
    fitting = output_for(source) if source is not None else None
    loss: Any = fitting.loss if fitting else "mse"
    if training.loss is not None:
        loss = losses.deserialize({"class_name": training.loss.name, "config": dict(training.loss.params)})
    metrics = list(training.metrics if training.metrics is not None else fitting.metrics if fitting else ())
    optimizer = optimizers.deserialize(
        {"class_name": training.optimizer.name, "config": dict(training.optimizer.params)}
    )
    return {"optimizer": optimizer, "loss": loss, "metrics": metrics}
