"""One open project: workspace, session and panels, put together; training from document to kept weights."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from designer.app.recovery import Recorder
from designer.canvas.view import CanvasView
from designer.core.errors import Refused
from designer.core.project import Project, RunRecord
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.panels.code import CodePanel
from designer.panels.curves import CurvesPanel
from designer.panels.data import DataPanel
from designer.panels.inspector import InspectorPanel
from designer.panels.palette import PalettePanel
from designer.panels.problems import ProblemsPanel
from designer.panels.training import TrainingBar, TrainingPanel
from designer.training.jobs import job_for
from designer.training.session import Outcome, Session


class Editor(QObject):
    """Everything about one project.

    Signals:
        told(str): a sentence for the person.
        trained(): weights and runs of the project changed.
    """

    told = Signal(str)
    trained = Signal()

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.workspace = Workspace(project, self)
        self.session = Session(self)
        self.canvas = CanvasView(self.workspace)
        self.palette = PalettePanel(self.workspace)
        self.inspector = InspectorPanel(self.workspace)
        self.problems = ProblemsPanel(self.workspace)
        self.data = DataPanel(self.workspace)
        self.training = TrainingPanel(self.workspace)
        self.bar = TrainingBar(self.workspace, self.session)
        self.curves = CurvesPanel(self.workspace, self.session)
        self.code = CodePanel(self.workspace)
        self._folder = Path(tempfile.mkdtemp(prefix="bricklayer-"))
        self._trained_revision = -1
        self.bar.train_requested.connect(self.train)
        self.session.finished.connect(self._finished)
        self.workspace.told.connect(self.told)
        self._saved_runs = len(project.runs)
        self.recorder = Recorder(project, lambda: self.is_dirty, self)
        self.recorder.refused.connect(self.told)
        self.workspace.changed.connect(lambda _: self.recorder.note())
        self.workspace.history.changed.connect(self.recorder.note)
        self.trained.connect(self.recorder.note)
        if project.runs:
            run = project.runs[-1]
            self.curves.show_history(run.history, run.epochs, [r.history for r in project.runs[:-1]])
            self.bar.say_result(*_result(run))

    @property
    def is_dirty(self) -> bool:
        """Whether something is not saved."""
        return not self.workspace.history.clean or len(self.project.runs) != self._saved_runs

    def mark_saved(self) -> None:
        """All is in the project's file."""
        self._saved_runs = len(self.project.runs)
        self.workspace.history.mark_clean()
        self.recorder.note()

    def mark_unsaved(self) -> None:
        """The project is not as any file has it: it was recovered."""
        self._saved_runs = -1
        self.workspace.history.mark_unsaved()
        self.recorder.write().result()

    def train(self, epochs: int = 0, batches: int = 0) -> None:
        """Train: all epochs afresh, or (`epochs` 1) one more from the weights there are."""
        again = bool(epochs or batches)
        try:
            job = job_for(
                self.workspace.document,
                self._folder,
                self.project.weights if again else None,
                epochs or None,
                batches or None,
            )
        except (Refused, ValueError) as error:
            self.told.emit(str(error))
            return
        Path(job.out).unlink(missing_ok=True)
        self._trained_revision = self.workspace.document.revision
        self.curves.set_older([run.history for run in self.project.runs])
        self.session.start(job)

    def _finished(self, outcome: Outcome) -> None:
        if outcome.sentence:
            self.told.emit(outcome.sentence)
        if outcome.weights and Path(outcome.weights).exists():
            self.project.weights = Path(outcome.weights).read_bytes()
        history = self.session.series.history()
        if history:
            number = len(self.project.runs) + 1
            seed = self.workspace.document.training.seed
            run = RunRecord(number, outcome.reason, seed, outcome.epochs, history, outcome.test, outcome.seconds)
            self.project.runs.append(run)
            self.bar.say_result(*_result(run))
            self.trained.emit()
        elif outcome.sentence:
            self.bar.say_result(tr("No run"), outcome.sentence, "warning")
        if self.workspace.document.revision != self._trained_revision and history:
            self.told.emit(tr("The network changed meanwhile: these curves belong to the version before."))

    def close(self) -> None:
        """End training and let go of everything."""
        self.session.close()
        self.recorder.close()
        self.workspace.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _result(run: RunRecord) -> tuple[str, str, str]:
    """What a run came to: its title, the words, and the icon beside them."""
    words, sign = {
        "stopped": (tr("stopped"), "info"),
        "early": (tr("ended early"), "success"),
        "nan": (tr("lost its numbers"), "warning"),
        "killed": (tr("broke off"), "warning"),
    }.get(run.reason, (tr("finished"), "success"))
    figures = run.test or {name: values[-1] for name, values in run.history.items() if values}
    where = tr("test") if run.test else tr("training")
    name = next((n for n in figures if n != "loss" and not n.startswith("val_")), "loss")
    if name in figures:
        value = f"{figures[name]:.1%}".replace("%", " %") if "accuracy" in name else f"{figures[name]:.4g}"
        words += f" · {where} {name.replace('_', ' ')} {value}"
    return tr("Run {n}", n=run.number), words, sign
