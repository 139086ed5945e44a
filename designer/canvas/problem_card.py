"""Problem card: below a failing layer, how its refusal came about and up to three repairs; choosing one previews it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from designer.core.document import NodeId
from designer.core.problems import Problem, Repair, Step
from designer.core.text import tr
from designer.look.fonts import px
from designer.look.icons import pixmap
from designer.look.painting import rounded
from designer.look.theme import theme, theme_changed
from designer.look.widgets import Button, HLine, IconButton, Label, row

if TYPE_CHECKING:
    from designer.canvas.edits import Edits

WIDEST, POINTER, SHADOW = 748, 14, 4


class RepairRow(QWidget):
    """One repair: a round choice, its title, what it changes. `picked` and `applied` carry nothing."""

    picked = Signal()
    applied = Signal()

    def __init__(self, repair: Repair) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{repair.title}: {repair.effect}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.chosen = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(36), 8, 10, 8)
        layout.setSpacing(1)
        title = Label(repair.title, "small", weight=600, wrap=True)
        for label in (title, Label(repair.effect, "small", "text2", wrap=True)):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)

    def set_chosen(self, chosen: bool) -> None:
        self.chosen = chosen
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.picked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.applied.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.picked.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.applied.emit() if self.chosen else self.picked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self.chosen:
            rounded(painter, area, 6, current.color("success_ground"), current.color("success"), 2)
        elif self.hasFocus() or self.underMouse():
            rounded(painter, area, 6, current.color("hover"), current.color("accent") if self.hasFocus() else None, 2)
        side = px(16)
        ring = QRectF(px(11), 8, side, side)
        edge = current.color("success" if self.chosen else "control")
        rounded(painter, ring, side / 2, current.color("raised"), edge, side * 0.3 if self.chosen else 1.25)


class ProblemCard(QFrame):
    """A card on the canvas. It closes when its problem is gone."""

    def __init__(self, view: Edits) -> None:
        super().__init__(view)
        self.setObjectName("problemCard")
        self.view, self.workspace = view, view.workspace
        self.node: NodeId | None = None
        self.rows: list[RepairRow] = []
        self._problem: Problem | None = None
        self._tip = 0.0
        self._up = True
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(0)
        self._body: QWidget | None = None
        view.moved.connect(self._place)
        self.workspace.problems_changed.connect(self._on_problems)
        self.workspace.preview_changed.connect(self._on_preview)
        theme_changed.connect(self._rebuild)
        self.hide()

    def open(self, node: NodeId) -> bool:
        """Show the first problem of a layer; False when it has none."""
        problem = next((p for p in self.workspace.problems_of(node) if p.severity != "advice"), None)
        if problem is None:
            return False
        self.node, self._problem = node, problem
        self._rebuild()
        self.show()
        self.raise_()
        return True

    def dismiss(self) -> bool:
        """Close, and stop showing a repair; whether it was open."""
        was_open = self.isVisible()
        self.node = self._problem = None
        self.hide()
        if was_open:
            self.workspace.set_preview(None)
            self.view.setFocus()
        return was_open

    def choose(self, index: int) -> None:
        """Preview a repair."""
        if self._problem is not None and index < len(self._problem.repairs):
            self.workspace.set_preview(self._problem.repairs[index])

    def apply(self, index: int) -> None:
        """Make a repair."""
        self.choose(index)
        self.view.try_apply()

    # Following.
    def _on_problems(self, _: object) -> None:
        if self.node is None:
            return
        if self.node not in self.workspace.document.nodes or not self.view.canvas.severity(self.node):
            self.node = self._problem = None
            self.hide()
        else:
            self.open(self.node)

    def _on_preview(self, preview: object) -> None:
        shown = self.workspace.preview.repair if self.workspace.preview is not None else None
        repairs = self._problem.repairs if self._problem is not None else ()
        for widget, repair in zip(self.rows, repairs):
            widget.set_chosen(repair is shown or repair == shown)

    # Building.
    def _rebuild(self, _: object = None) -> None:
        if self._body is not None:
            self._layout.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
            self._body = None
        problem = self._problem
        if problem is None:
            return
        self._body = QWidget(self)
        self.rows = []
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head(problem))
        column.addWidget(HLine())
        column.addLayout(self._columns(problem))
        self._layout.addWidget(self._body)
        self._place()
        self._on_preview(None)

    def _head(self, problem: Problem) -> QWidget:
        head = QWidget()
        sign = Label()
        error = problem.severity == "error"
        sign.setPixmap(pixmap("error" if error else "warning", px(18), "error" if error else "warn"))
        title = Label(told(problem), "body", weight=600, wrap=True)
        title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        close = IconButton("close", tr("Close (Esc)"))
        close.clicked.connect(self.dismiss)
        head.setLayout(row(sign, title, close, gap=8, margins=(14, 5, 8, 5)))
        head.setMinimumHeight(px(38))
        return head

    def _columns(self, problem: Problem) -> QHBoxLayout:
        columns = QHBoxLayout()
        columns.setContentsMargins(14, 8, 10, 12)
        columns.setSpacing(18)
        if problem.derivation:
            columns.addLayout(self._derivation(problem), 5)
        if problem.repairs:
            columns.addLayout(self._repairs(problem), 6)
        return columns

    def _derivation(self, problem: Problem) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(Label(tr("How this came about"), "micro", "text3", weight=600))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        failing = [step for step in problem.derivation if step.failing]
        for place, step in enumerate(step for step in problem.derivation if not step.failing):
            self._step(grid, place, step, bad=step.shape in _failing_shapes(problem))
        column.addLayout(grid)
        if failing and failing[0].rule:
            column.addWidget(HLine())
            words = _marked(failing[0].rule)
            column.addWidget(Label(f"<b>{failing[0].name}</b>: {words}", "small", wrap=True))
        column.addStretch(1)
        return column

    @staticmethod
    def _step(grid: QGridLayout, place: int, step: Step, bad: bool) -> None:
        grid.addWidget(Label(step.name, "small", weight=600), place, 0)
        grid.addWidget(Label(step.rule, "small", "text2", wrap=True), place, 1)
        shape = Label(step.shape, "micro", "error" if bad else "text", mono=True, weight=600 if bad else None)
        grid.addWidget(shape, place, 2, Qt.AlignmentFlag.AlignRight)

    def _repairs(self, problem: Problem) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(Label(tr("Repairs"), "micro", "text3", weight=600))
        for index, repair in enumerate(problem.repairs[:3]):
            widget = RepairRow(repair)
            widget.picked.connect(lambda index=index: self.choose(index))
            widget.applied.connect(lambda index=index: self.apply(index))
            self.rows.append(widget)
            column.addWidget(widget)
        apply = Button(tr("Apply"), kind="success")
        apply.setObjectName("applyRepair")
        apply.clicked.connect(self._apply_shown)
        column.addLayout(row(None, apply, margins=(0, 4, 4, 0)))
        column.addStretch(1)
        return column

    def _apply_shown(self) -> None:
        if self.workspace.preview is None:
            self.choose(0)
        self.view.try_apply()

    # Place and picture.
    def _place(self) -> None:
        item = self.view.canvas.nodes.get(self.node) if self.node is not None else None
        if item is None or self._body is None:
            return
        room = self.view.rect()
        wide = 2 if self._problem is not None and self._problem.derivation and self._problem.repairs else 1
        width = min(px(WIDEST if wide == 2 else 400), room.width() - 16)
        anchor = self.view.viewportTransform().mapRect(item.frame())
        self._layout.setContentsMargins(1, POINTER + 1, 1, POINTER + SHADOW)
        self.setFixedWidth(width)
        height = max(self._layout.totalHeightForWidth(width), self._layout.totalMinimumSize().height())
        self.setFixedHeight(height)
        below = QPoint(0, round(anchor.bottom()) + 4)
        self._up = below.y() + height <= room.height() or anchor.top() - height < 0
        y = below.y() if self._up else round(anchor.top()) - height + SHADOW - 4
        x = min(max(round(anchor.center().x() - width * 0.7), 8), max(room.width() - width - 8, 0))
        self._tip = min(max(anchor.center().x() - x, 24.0), width - 24.0)
        self.move(x, y)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, POINTER, -0.5, -POINTER - SHADOW + 0.5)
        body = QPainterPath()
        body.addRoundedRect(area, 10, 10)
        if current.color("shadow").alpha():
            painter.fillPath(body.translated(0, SHADOW), current.color("shadow"))
        edge, y = (1, area.top()) if self._up else (-1, area.bottom())
        tip = QPainterPath(QPointF(self._tip - POINTER, y + edge))
        tip.lineTo(self._tip, y - edge * (POINTER - 2))
        tip.lineTo(self._tip + POINTER, y + edge)
        tip.closeSubpath()
        outline = body.united(tip)
        token = "error" if self._problem is None or self._problem.severity == "error" else "warn"
        painter.fillPath(outline, current.color("raised"))
        painter.strokePath(outline, QPen(current.color(token), max(1.0, current.line_width)))


def told(problem: Problem) -> str:
    """The sentence with the layer's name in front, once."""
    if not problem.name or problem.sentence.startswith(f"{problem.name} "):
        return problem.sentence
    return f"{problem.name} {problem.sentence}"


def _failing_shapes(problem: Problem) -> set[str]:
    """Shapes in the derivation that hold the failing number (the one after "≠")."""
    rule = next((step.rule for step in problem.derivation if step.failing), "")
    found = re.search(r"≠\s*(\d+)", rule)
    if not found:
        return {step.shape for step in problem.derivation if not step.failing} & {_last_shape(problem)}
    return {step.shape for step in problem.derivation if found[1] in step.shape.split("×")}


def _last_shape(problem: Problem) -> str:
    return next((step.shape for step in reversed(problem.derivation) if not step.failing), "")


def _marked(rule: str) -> str:
    """The failing numbers of a rule in bold error colour."""
    shade = theme().color("error").name()
    return re.sub(r"(\d+\s*≠\s*\d+)", rf'<b style="color:{shade}">\1</b>', rule)
