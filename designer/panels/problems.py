"""The problems: what is wrong, where, and repairs that are shown before they are made."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from designer.core.errors import Refused
from designer.core.problems import Problem, Repair
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.icons import pixmap
from designer.look.painting import rounded
from designer.look.theme import theme, theme_changed
from designer.look.widgets import Button, EmptyState, HLine, KeyCap, Label, Panel

_ICONS = {"error": ("error", "error"), "warning": ("warning", "warn"), "advice": ("info", "accent")}
_LEADING = re.compile(r"^(\d[\d,]* layers?)\b")


def severity_words(severity: str) -> str:
    """A severity as people read it."""
    return {"error": tr("Error"), "warning": tr("Warning")}.get(severity, tr("Advice"))


def sentence_of(problem: Problem) -> str:
    """The whole sentence, the layer's name first."""
    if not problem.name or problem.sentence.startswith(f"{problem.name} "):
        return problem.sentence
    return f"{problem.name} {problem.sentence}"


def rich(problem: Problem) -> str:
    """The sentence with its subject in bold."""
    text = html.escape(sentence_of(problem))
    if problem.name:
        name = html.escape(problem.name)
        return f"<b>{name}</b>{text[len(name) :]}"
    return _LEADING.sub(r"<b>\1</b>", text)


def derivation(problem: Problem) -> str:
    """How it came about: the layers before that changed a shape, with their rules, as rich text."""
    plain = (tr("data"), tr("keeps the shape"))
    steps = [s for s in problem.derivation if not s.failing and s.rule not in plain][-2:]
    told = [f"<b>{html.escape(s.name)}</b> {html.escape(s.rule)} → {html.escape(s.shape)}" for s in steps]
    return "; ".join(told)


def _told(text: str, token: str) -> Label:
    """Rich text that wraps and lets the mouse through to its row."""
    made = Label(text, "small", token, wrap=True)
    made.setTextFormat(Qt.TextFormat.RichText)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return made


class ProblemRow(QFrame):
    """One problem; a click or Enter goes to its layer."""

    def __init__(self, panel: ProblemsPanel, problem: Problem) -> None:
        super().__init__()
        self._panel, self.problem = panel, problem
        self.setObjectName(f"problem_{problem.key}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{severity_words(problem.severity)}: {sentence_of(problem)}")
        self.setMinimumHeight(px(44))
        self.current = False
        self._sign = QLabel()
        self._sign.setToolTip(severity_words(problem.severity))
        text = _told(rich(problem), "text")
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addWidget(text)
        reasons = derivation(problem)
        if reasons:
            column.addWidget(_told(reasons, "text2"))
        column.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column, 1)
        if problem.repairs:
            layout.addWidget(self._button(problem), 0, Qt.AlignmentFlag.AlignTop)
        theme_changed.connect(self._dress)
        self._dress()

    def _button(self, problem: Problem) -> Button:
        several = len(problem.repairs) > 1
        words = tr("{n} repairs", n=len(problem.repairs)) if several else tr("Preview")
        button = Button(words, "repair" if several else "preview")
        button.setObjectName("repair")
        button.setToolTip("\n".join(f"{r.title}: {r.effect}" for r in problem.repairs))
        button.setAccessibleName(tr("Preview: {title}", title=problem.repairs[0].title))
        button.clicked.connect(lambda: self._panel.show_repairs(problem))
        return button

    def _dress(self, _: object = None) -> None:
        name, token = _ICONS[self.problem.severity]
        self._sign.setPixmap(pixmap(name, px(16), token))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self._panel.go_to(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self._panel.is_previewing:
            self._panel.go_to(self.problem)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        self._panel.ensure_visible(self)
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        if self.current:
            painter.fillRect(self.rect(), current.color("selection"))
        if self.hasFocus():
            rounded(painter, QRectF(self.rect()), 2, None, current.color("accent"), 2)


class RepairBar(QFrame):
    """What a repair that is being shown would change, with Cancel and Apply."""

    def __init__(self, panel: ProblemsPanel) -> None:
        super().__init__()
        self.setObjectName("repairBar")
        self._sign = QLabel()
        self.words = Label("", "small", wrap=True)
        self.words.setObjectName("repairWords")
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.cancel = Button(tr("Cancel"))
        self.cancel.setObjectName("cancelRepair")
        self.cancel.clicked.connect(panel.cancel)
        self.apply = Button(tr("Apply  Enter"), "", "success")
        self.apply.setAccessibleName(tr("Apply the repair"))
        self.apply.setObjectName("applyRepair")
        self.apply.clicked.connect(panel.apply)
        told = QHBoxLayout()
        told.setSpacing(8)
        told.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.words, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for widget in (self.cancel, KeyCap("Esc"), self.apply):
            buttons.addWidget(widget)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(24, 8, 20, 14)
        self._box.setSpacing(8)
        self._box.addLayout(told, 1)
        self._box.addLayout(buttons)
        theme_changed.connect(self._dress)
        self._dress()

    def _dress(self, _: object = None) -> None:
        self._sign.setPixmap(pixmap("preview", px(16), "success"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons go below the words where both do not fit side by side."""
        narrow = event.size().width() < px(640)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if direction != self._box.direction():
            self._box.setDirection(direction)
        room = event.size().width() - 44 - px(16) - (0 if narrow else self.cancel.width() + self.apply.width() + px(60))
        self.words.setMinimumHeight(max(self.words.heightForWidth(max(room, px(80))), 0))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(12, 0, -12, -6)
        rounded(painter, area, 8, current.color("success_ground"), current.color("success"), 2)


_ELSEWHERE = {"no-data": "data", "unknown-data": "data", "unscaled": "data", "loss": "training"}
"""Panels in which problems without a layer are solved, by the problem's key."""


class ProblemsPanel(Panel):
    """All problems, and the bar of the repair that is being shown.

    Signals:
        panel_requested(str): the problem is solved in this panel.
    """

    panel_requested = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("problems", tr("Problems"), parent)
        self._workspace = workspace
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.bar = RepairBar(self)
        self.rows: list[ProblemRow] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._area, 1)
        layout.addWidget(self.bar)
        workspace.problems_changed.connect(self._fill)
        workspace.preview_changed.connect(self._show_bar)
        workspace.selection.changed.connect(self._mark)
        self._fill(workspace.problems)
        self._show_bar()

    @property
    def is_previewing(self) -> bool:
        return self._workspace.preview is not None

    def _fill(self, problems: list[Problem]) -> None:
        self.rows = []
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for problem in problems:
            row = ProblemRow(self, problem)
            self.rows.append(row)
            layout.addWidget(row)
            layout.addWidget(HLine())
        if not problems:
            layout.addWidget(EmptyState(tr("No problems."), self._calm()))
        elif not self._workspace.errors:
            calm = Label(tr("No errors.") + " " + self._calm(), "small", "text3", wrap=True)
            calm.setContentsMargins(12, 12, 12, 12)
            layout.addWidget(calm)
        if problems:
            layout.addStretch(1)
        self._area.setWidget(page)
        self._mark()

    def _calm(self) -> str:
        document = self._workspace.document
        order = document.topological()
        if not order:
            return tr("Drag a layer to the canvas to begin.")
        names = document.nodes[order[0]].name, document.nodes[order[-1]].name
        return tr("Every shape is known from {first} to {last}.", first=names[0], last=names[1])

    def _mark(self) -> None:
        chosen = set(self._workspace.selection.ids)
        for row in self.rows:
            current = row.problem.node in chosen
            if current != row.current:
                row.current = current
                row.update()

    def ensure_visible(self, row: ProblemRow) -> None:
        """Scroll to a row."""
        self._area.ensureWidgetVisible(row, 0, 8)

    # Going and repairing.
    def go_to(self, problem: Problem) -> None:
        """Show where a problem is."""
        target = problem.node or (problem.waiting[0] if problem.waiting else None)
        if target:
            self._workspace.focus_requested.emit(target)
        elif problem.key in _ELSEWHERE:
            self.panel_requested.emit(_ELSEWHERE[problem.key])

    def go_to_next(self) -> None:
        """Go to the next problem that has a layer, errors first."""
        places = [p for p in self._workspace.problems if p.node]
        if not places:
            return
        chosen = self._workspace.selection.current
        here = next((i for i, p in enumerate(places) if p.node == chosen), -1)
        self.go_to(places[(here + 1) % len(places)])

    def show_repairs(self, problem: Problem) -> None:
        """Go to the problem and preview its best repair."""
        self.go_to(problem)
        self.show_repair(problem.repairs[0])

    def show_repair(self, repair: Repair) -> None:
        """Preview a repair."""
        self._workspace.set_preview(repair)
        self.bar.apply.setFocus()

    def cancel(self) -> None:
        """Stop showing the repair."""
        self._workspace.set_preview(None)

    def apply(self) -> None:
        """Make the repair that is being shown."""
        try:
            self._workspace.apply_preview()
        except Refused as refusal:
            self.bar.words.setText(html.escape(refusal.sentence))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.is_previewing and event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif self.is_previewing and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply()
        else:
            super().keyPressEvent(event)

    def _show_bar(self, _: object = None) -> None:
        shown = self._workspace.preview
        self.bar.setVisible(shown is not None)
        if shown is None:
            return
        repairs = next((p.repairs for p in self._workspace.problems if shown.repair in p.repairs), (shown.repair,))
        place = tr("Previewing repair {i} of {n}.", i=repairs.index(shown.repair) + 1, n=len(repairs))
        layers = count(len(shown.added), tr("layer is added"), tr("layers are added"))
        settings = count(shown.settings_changed, tr("setting changes"), tr("settings change"))
        parts = ([layers] if shown.added else []) + ([settings] if shown.settings_changed else [])
        parts.append(count(shown.shapes_changed, tr("shape follows"), tr("shapes follow")))
        left = count(shown.errors_left, tr("error remains"), tr("errors remain"))
        parts.append(left if shown.errors_left else tr("no errors remain"))
        words = ", ".join(parts)
        self.bar.words.setText(f"<b>{place}</b> {words}.")
        self.bar.setAccessibleName(f"{place} {shown.repair.title}: {words}.")
        self.bar.setToolTip(shown.repair.title)
