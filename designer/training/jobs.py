"""From a document to a job for the worker."""

from __future__ import annotations

from pathlib import Path

from designer.core.building import build_model
from designer.core.document import Document
from designer.core.project import compile_for
from designer.data.prepare import source_of
from designer.training.protocol import Job


def job_for(
    document: Document,
    folder: Path,
    weights: bytes | None = None,
    epochs: int | None = None,
    limit: int | None = None,
    first_epoch: int = 0,
) -> Job:
    """The job that trains the document's network; files go into `folder`.

    Raises:
        Refused: the network is unfinished or no data are chosen.
    """
    from engine import saving

    source_of(document.data)
    model = build_model(document)
    compile_for(model, document)
    start = None
    if weights is not None:
        start = str(folder / "start.weights.h5")
        Path(start).write_bytes(weights)
    training = document.training
    return Job(
        config=saving.model_config(model),
        data=document.data,
        out=str(folder / "trained.weights.h5"),
        epochs=training.epochs if epochs is None else epochs,
        batch_size=training.batch_size,
        seed=training.seed,
        shuffle=training.shuffle,
        weights=start,
        first_epoch=first_epoch,
        limit=limit,
        callbacks=tuple({"name": c.name, "params": c.params} for c in training.callbacks),
    )
