"""One training as the window sees it: starts the worker, follows its events, stops it in time."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from designer.core.text import tr
from designer.training import protocol as p
from designer.training.metrics import MetricSeries

GRACE_MS = 150
"""How long a worker may take to stop by itself."""
REFRESH_MS = 33
LONGEST_LINE = 1 << 22


@dataclass(frozen=True)
class Progress:
    """How far training is.

    Attributes:
        seconds_left: estimate, None before the first batches.
    """

    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    seconds_left: float | None = None
    batches_per_second: float = 0.0

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        total = self.epochs * self.batches
        return min(((self.epoch - 1) * self.batches + self.batch) / total, 1.0) if total and self.epoch else 0.0


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        reason: "done", "stopped", "early", "nan", "failed" or "killed".
        sentence: for the person; empty when all went well.
        weights: path of the weights of the last whole epoch, or None.
        test: figures on the test part.
    """

    reason: str
    sentence: str = ""
    weights: str | None = None
    test: dict[str, float] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0


class Session(QObject):
    """Runs one job at a time.

    Signals:
        state_changed(str): "idle", "starting", "running", "paused" or "stopping".
        progressed(Progress): at most 30 times a second.
        metrics_changed(): new figures in `series`, at most 30 times a second.
        finished(Outcome): the training ended, whatever the reason.
    """

    state_changed = Signal(str)
    progressed = Signal(object)
    metrics_changed = Signal()
    finished = Signal(object)

    def __init__(self, parent: QObject | None = None, command: list[str] | None = None) -> None:
        super().__init__(parent)
        self._command = command or [sys.executable, "-m", "designer", "--train-worker"]
        self._process: QProcess | None = None
        self._job: p.Job | None = None
        self._buffer = b""
        self._errors = b""
        self._fresh = False
        self._ended: Outcome | None = None
        self._begun = 0.0
        self.state = "idle"
        self.progress = Progress()
        self.series = MetricSeries()
        self._refresh = QTimer(self)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._publish)
        self._kill = QTimer(self)
        self._kill.setSingleShot(True)
        self._kill.setInterval(GRACE_MS)
        self._kill.timeout.connect(self._kill_now)

    @property
    def is_active(self) -> bool:
        return self.state != "idle"

    def start(self, job: p.Job) -> None:
        """Start training. One training at a time."""
        if self.is_active:
            raise RuntimeError("A training is running already.")
        self._job, self._buffer, self._errors, self._ended = job, b"", b"", None
        self.series, self.progress = MetricSeries(), Progress(epochs=job.epochs)
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._on_exit)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._set_state("starting")
        self._refresh.start()
        process.start(self._command[0], self._command[1:])
        process.write(p.encode(job))

    def pause(self) -> None:
        """Wait between two batches."""
        self._send("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self._send("resume")

    def stop(self) -> None:
        """End training; the weights of the last whole epoch are kept. Takes at most `GRACE_MS` and a kill."""
        if self.is_active and self.state != "stopping":
            self._send("stop")
            self._set_state("stopping")
            self._kill.start()

    def close(self) -> None:
        """End at once and wait for it (when the window closes)."""
        if self._process is not None:
            self._process.kill()
            self._process.waitForFinished(2000)

    def _send(self, word: str) -> None:
        if self._process is not None:
            self._process.write(p.encode({"t": word}))

    def _set_state(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _read(self) -> None:
        if self._process is None:
            return
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        if len(self._buffer) > LONGEST_LINE:
            self._buffer = b""
        for line in lines:
            event = p.decode_event(line)
            if event is not None:
                self._handle(event)

    def _read_errors(self) -> None:
        if self._process is not None:
            self._errors = (self._errors + bytes(self._process.readAllStandardError().data()))[-20_000:]

    def _handle(self, event: Any) -> None:
        if isinstance(event, p.Started):
            self._begun = time.monotonic()
            self.series.batches = event.batches
            self.progress = Progress(epochs=event.epochs, batches=event.batches)
            if self.state == "starting":
                self._set_state("running")
        elif isinstance(event, (p.Batch, p.Epoch)):
            self.series.add(event)
            self._advance(event)
        elif isinstance(event, p.Paused):
            self._set_state("paused")
        elif isinstance(event, p.Resumed):
            self._set_state("running")
        elif isinstance(event, p.Finished):
            self._ended = Outcome(event.reason, event.sentence, event.weights, event.test, event.epochs, event.seconds)
        elif isinstance(event, p.Failed):
            self._ended = Outcome("failed", event.sentence)
        self._fresh = True

    def _advance(self, event: p.Batch | p.Epoch) -> None:
        old, first = self.progress, self._job.first_epoch if self._job else 0
        batch = event.batch if isinstance(event, p.Batch) else old.batches
        done = (event.epoch - first - 1) * old.batches + batch
        spent = time.monotonic() - self._begun
        speed = done / spent if spent > 0 else 0.0
        left = (old.epochs * old.batches - done) / speed if speed else None
        self.progress = Progress(event.epoch - first, old.epochs, batch, old.batches, left, speed)

    def _publish(self) -> None:
        if self._fresh:
            self._fresh = False
            self.progressed.emit(self.progress)
            self.metrics_changed.emit()

    def _kill_now(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._ended = Outcome("failed", tr("The training process did not start. Is Python's installation whole?"))
            self._finish()

    def _on_exit(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._finish()

    def _finish(self) -> None:
        if self._process is None:
            return
        stopping = self.state == "stopping"
        process, self._process = self._process, None
        process.deleteLater()
        self._kill.stop()
        self._refresh.stop()
        self._publish()
        outcome = self._ended or self._without_word(stopping)
        self._set_state("idle")
        self.finished.emit(outcome)

    def _without_word(self, stopping: bool) -> Outcome:
        """The outcome of a worker that ended without telling one."""
        kept = self._job.out if self._job and os.path.exists(self._job.out) else None
        epochs = len(next(iter(self.series.history().values()), []))
        if stopping:
            return Outcome("stopped", "", kept, {}, epochs)
        words = tr("The training process ended unexpectedly.")
        words += " " + (tr("The weights of the last whole epoch are kept.") if kept else tr("Start it again."))
        return Outcome("killed", words, kept, {}, epochs)


def _environment() -> QProcessEnvironment:
    """The worker leaves one core to the window."""
    environment = QProcessEnvironment.systemEnvironment()
    threads = str(max((os.cpu_count() or 2) - 1, 1))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment.insert(name, environment.value(name) or threads)
    environment.insert("PYTHONUNBUFFERED", "1")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment.insert("PYTHONPATH", os.pathsep.join(filter(None, (root, environment.value("PYTHONPATH")))))
    return environment
