"""The problems: what is wrong, where, and one-click repairs that are shown before they are applied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.core.problems import Problem, Repair
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.icons import pixmap
from designer.look.widgets import Button, EmptyState, HLine, Label

_ICONS = {"error": ("error", "error"), "warning": ("warning", "warn"), "advice": ("info", "accent")}


class _Row(QFrame):
    """One problem: a click goes to its layer."""

    def __init__(self, panel: ProblemsPanel, problem: Problem) -> None:
        super().__init__()
        self._panel, self._problem = panel, problem
        self.setObjectName(f"problem_{problem.key}")
        name, token = _ICONS[problem.severity]
        mark = QLabel()
        mark.setPixmap(pixmap(name, 16, token))
        mark.setAccessibleName(problem.severity)
        words = f"{problem.name} {problem.sentence}".strip()
        text = Label(words, "small", wrap=True)
        self.setAccessibleName(f"{problem.severity}: {words}")
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addWidget(text)
        for step in problem.derivation:
            token = "error" if step.failing else "text2"
            shape = "" if step.failing else f"  {step.shape}"
            column.addWidget(Label(f"{step.name}: {step.rule}{shape}", "micro", token, mono=True, wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        for repair in problem.repairs:
            button = Button(repair.title, "repair")
            button.setObjectName("repair")
            button.setToolTip(repair.effect)
            button.clicked.connect(lambda _, r=repair: panel.show_repair(r))
            line = QHBoxLayout()
            line.addWidget(button)
            line.addWidget(Label(repair.effect, "micro", "text3", wrap=True), 1)
            column.addLayout(line)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._problem.node:
            self._panel.workspace.focus_requested.emit(self._problem.node)


class ProblemsPanel(QWidget):
    """All problems, and the bar that previews a repair."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problems")
        self.workspace = workspace
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._bar = QFrame()
        self._bar.setObjectName("repairBar")
        self._words = Label("", "small", "success", wrap=True)
        self.apply_button = Button(tr("Apply"), "success", "success")
        self.apply_button.setObjectName("applyRepair")
        self.apply_button.clicked.connect(workspace.apply_preview)
        cancel = Button(tr("Cancel"))
        cancel.setObjectName("cancelRepair")
        cancel.clicked.connect(lambda: workspace.set_preview(None))
        row = QHBoxLayout(self._bar)
        row.addWidget(self._words, 1)
        row.addWidget(cancel)
        row.addWidget(self.apply_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._bar)
        workspace.problems_changed.connect(self._fill)
        workspace.preview_changed.connect(lambda _: self._show_bar())
        self._fill(workspace.problems)
        self._show_bar()

    def _fill(self, problems: list[Problem]) -> None:
        if not problems:
            self._area.setWidget(EmptyState(tr("No problems."), tr("Every shape is known from the data to the end.")))
            return
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for problem in problems:
            layout.addWidget(_Row(self, problem))
            layout.addWidget(HLine())
        layout.addStretch()
        self._area.setWidget(page)

    def show_repair(self, repair: Repair) -> None:
        """Preview a repair."""
        self.workspace.set_preview(repair)
        self.apply_button.setFocus()

    def _show_bar(self) -> None:
        shown = self.workspace.preview
        self._bar.setVisible(shown is not None)
        if shown is not None:
            left = count(shown.errors_left, tr("error remains"), tr("errors remain"))
            self._words.setText(
                tr(
                    "Previewing: {title}. {n} follow, {left}.",
                    title=shown.repair.title,
                    n=count(shown.shapes_changed, tr("shape"), tr("shapes")),
                    left=left if shown.errors_left else tr("no errors remain"),
                )
            )

    def go_to_next(self) -> None:
        """Go to the next problem that has a layer."""
        with_layer = [p.node for p in self.workspace.problems if p.node]
        if with_layer:
            chosen = self.workspace.selection.ids
            place = with_layer.index(chosen[0]) + 1 if chosen and chosen[0] in with_layer else 0
            self.workspace.focus_requested.emit(with_layer[place % len(with_layer)])
