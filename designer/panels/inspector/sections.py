"""Parts of the inspector that tell rather than ask: head, shapes, cost, buttons."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from designer.core.analysis import NodeInfo
from designer.core.document import Node
from designer.core.ports import axes_text, axes_words, shape_text
from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.theme import theme, theme_changed
from designer.look.widgets import Button, Chip, IconButton, Label, Tile, clear, flag
from designer.panels.fields.rows import Section
from engine.catalog import Component, Spec


class _Elided(Label):
    """A line that ends in an ellipsis where there is no room for all of it."""

    def minimumSizeHint(self) -> QSize:
        return QSize(px(40), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme().color("text2"))
        painter.setFont(self.font())
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, words)


class Head(QWidget):
    """Tile, name (editable in place), type and family; a menu at the right.

    Signals:
        renamed(str): the person typed another name.
        reset_requested(): all settings back to their defaults.
    """

    renamed = Signal(str)
    reset_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(px(56))
        self.tile = Tile("custom", 32)
        self.name = QLineEdit()
        self.name.setObjectName("nodeName")
        self.name.setAccessibleName(tr("Name of the layer"))
        self.name.setToolTip(tr("Name of the layer; click to change it (F2)"))
        self.name.setProperty("kind", "bare")
        self.name.setTextMargins(-2, 0, 0, 0)
        self.name.editingFinished.connect(self._finish)
        self.words = _Elided("", "small", "text2")
        self.reason = Label("", "micro", "error", wrap=True)
        self.reason.hide()
        self.more = IconButton("more", tr("More for this layer"))
        self.more.setObjectName("inspectorMore")
        menu = QMenu(self.more)
        menu.addAction(tr("All settings back to their defaults"), self.reset_requested.emit)
        self.more.setMenu(menu)
        self.more.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        column = QVBoxLayout()
        column.setSpacing(0)
        for part in (self.name, self.words, self.reason):
            column.addWidget(part)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self.tile)
        layout.addLayout(column, 1)
        layout.addWidget(self.more)
        theme_changed.connect(self._dress)
        self._dress()

    def _dress(self, _: object = None) -> None:
        self.name.setFont(font("large", weight=600))
        self.setMinimumHeight(px(56))

    def _finish(self) -> None:
        if self.name.isModified():
            self.name.setModified(False)
            self.renamed.emit(self.name.text().strip())

    def show_one(self, node: Node, known: Component | None) -> None:
        """Show one layer."""
        self.name.setReadOnly(False)
        if not (self.name.hasFocus() and self.name.isModified()) and self.name.text() != node.name:
            self.name.setText(node.name)
            self.name.setCursorPosition(0)
        family = known.category if known is not None else "custom"
        self.tile.set_family(family)
        title = known.category.capitalize() if known is not None else tr("not known here")
        self.words.setText(f"{node.type} · {title}")
        self.words.setToolTip(known.summary if known is not None else "")
        self.more.setEnabled(bool(node.params))
        self.refuse("")

    def show_many(self, nodes: Sequence[Node], known: Component | None) -> None:
        """Show several layers."""
        self.name.setReadOnly(True)
        self.name.setText(tr("{n} layers", n=len(nodes)))
        self.tile.set_family(known.category if known is not None else "block")
        kinds = dict.fromkeys(node.type for node in nodes)
        self.words.setText(", ".join(kinds))
        self.words.setToolTip(", ".join(node.name for node in nodes))
        self.more.setEnabled(any(node.params for node in nodes))
        self.refuse("")

    def refuse(self, sentence: str) -> None:
        """Why a name does not do; the text stays."""
        self.reason.setText(sentence)
        self.reason.setVisible(bool(sentence))
        flag(self.name, "state", "error" if sentence else "")


_MOST = 3
"""Inputs whose shapes are shown."""


class ShapeSection(Section):
    """What comes in, what goes out, and the rule with its numbers."""

    def __init__(self) -> None:
        super().__init__(tr("Shape"))
        self._chips = QGridLayout()
        self._chips.setHorizontalSpacing(6)
        self._chips.setVerticalSpacing(4)
        self._chips.setColumnStretch(1, 1)
        self.rule = Label("", "small", "text2", wrap=True)
        self.rule.setObjectName("shapeRule")
        self.rule.setTextFormat(Qt.TextFormat.RichText)
        self.after = Label("", "small", "success", wrap=True)
        self.content.addLayout(self._chips)
        self.content.addWidget(self.rule)
        self.content.addWidget(self.after)

    def show_info(self, info: NodeInfo, preview: tuple[Spec | None, tuple[str, ...]] | None) -> None:
        """Show shapes; with a preview, also the shape and the rule that are to come."""
        clear(self._chips)
        for place, spec in enumerate(info.inputs[:_MOST]):
            self._chips.addWidget(_chip(spec), place, 0)
        if len(info.inputs) > _MOST:
            more = Label(tr("{n} more", n=len(info.inputs) - _MOST), "micro", "text2")
            self._chips.addWidget(more, _MOST, 0)
        if info.inputs:
            arrow = Label("→", "body", "text2")
            arrow.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._chips.addWidget(arrow, 0, 1)
        output = preview[0] if preview is not None and preview[0] is not None else info.output
        state = "preview" if preview is not None and output != info.output else "error" if info.error else "normal"
        self._chips.addWidget(_chip(output, state), 0, 2)
        words = _rule_words(info)
        self.rule.setText(_bold_start(words))
        self.rule.set_token("error" if info.error or preview is not None and preview[1] else "text2")
        self.after.setText("; ".join(preview[1]) if preview is not None else "")
        self.after.setVisible(bool(self.after.text()))


def _rule_words(info: NodeInfo) -> str:
    """The rule with its numbers, or why there is none."""
    if info.param:
        return tr("Not known until {key} is right.", key=info.param.replace("_", " "))
    if info.error or info.derivation:
        return info.error or "; ".join(info.derivation)
    return axes_words(info.output) if info.output is not None else _open_words(info)


def _bold_start(words: str) -> str:
    """The rule with the setting it begins with in bold: "same keeps 8"."""
    first, space, rest = html.escape(words).partition(" ")
    return f"<b>{first}</b>{space}{rest}" if first.rstrip(":") in ("same", "valid", "causal") else html.escape(words)


def _multiply_adds(info: NodeInfo) -> str:
    """Places times what is done at each: "8·8·2,304 = 147,456"."""
    output = info.output
    places = [d for d in output.shape[1:-1] if d is not None] if output is not None else []
    each, left = divmod(info.macs, math.prod(places)) if places else (0, 1)
    if left or not each or math.prod(places) == 1:
        return f"{info.macs:,}"
    return f"{'·'.join(str(d) for d in places)}·{each:,} = {info.macs:,}"


def _open_words(info: NodeInfo) -> str:
    return tr("Waits for the layers before it.") if info.state == "waiting" else tr("Nothing feeds it yet.")


def _chip(spec: Spec | None, state: str = "normal") -> Chip:
    made = Chip(shape_text(spec), axes_text(spec), state)
    made.setToolTip(axes_words(spec) if spec is not None else tr("not known yet"))
    return made


class CostSection(Section):
    """Parameters and multiply-adds, derived."""

    def __init__(self) -> None:
        super().__init__(tr("Cost"))
        self.parameters, _ = self._row(tr("Parameters"))
        self.parameters.setObjectName("costParameters")
        self.frozen, self._frozen_line = self._row(tr("not trained"))
        self.macs, _ = self._row(tr("Multiply-adds"))
        self.macs.setObjectName("costMultiplyAdds")

    def _row(self, key: str) -> tuple[Label, QWidget]:
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        value = Label("", "micro", mono=True, wrap=True)
        value.setAccessibleName(key)
        value.setAlignment(value.alignment() | Label.alignment(value).AlignRight)
        layout.addWidget(Label(key, "small", "text2"))
        layout.addWidget(value, 1)
        self.content.addWidget(line)
        return value, line

    def show_info(self, info: NodeInfo) -> None:
        """Show one layer's cost; what is not known is "?"."""
        known = info.preview is not None
        total = info.parameters or 0
        rule = info.parameter_rule or f"{total:,}"
        self.parameters.setText(rule if known else "?")
        frozen = total - (info.trainable_parameters or 0)
        self._frozen_line.setVisible(known and frozen > 0)
        self.frozen.setText(f"{frozen:,}")
        self.macs.setText(_multiply_adds(info) if known else "?")
        self.macs.setToolTip(tr("for one sample, forwards"))

    def show_sum(self, infos: Sequence[NodeInfo]) -> None:
        """Show the cost of several layers together."""
        known = all(info.preview is not None for info in infos)
        self.parameters.setText(f"{sum(i.parameters or 0 for i in infos):,}" if known else "?")
        self._frozen_line.setVisible(False)
        self.macs.setText(f"{sum(i.macs for i in infos):,}" if known else "?")


class SwitchButtons(QWidget):
    """Freeze and bypass."""

    def __init__(self) -> None:
        super().__init__()
        self.freeze = Button(tr("Freeze"), "freeze")
        self.freeze.setObjectName("freeze")
        self.bypass = Button(tr("Bypass"), "bypass")
        self.bypass.setObjectName("bypass")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.freeze, 1)
        layout.addWidget(self.bypass, 1)

    def show_nodes(self, nodes: Sequence[Node], known: Sequence[Component | None], infos: Sequence[NodeInfo]) -> None:
        """Words and reach of the two buttons for these layers."""
        frozen = all(not node.trainable for node in nodes)
        self.freeze.setText(tr("Unfreeze") if frozen else tr("Freeze"))
        weights = any(c is not None and c.has_weights for c in known)
        self.freeze.setEnabled(weights)
        self.freeze.setToolTip("" if weights else tr("Nothing in it learns, so there is nothing to freeze."))
        bypassed = all(node.bypassed for node in nodes)
        self.bypass.setText(tr("Use again") if bypassed else tr("Bypass"))
        changing = [n.name for n, i in zip(nodes, infos, strict=True) if not n.bypassed and not _passes(i)]
        self.bypass.setEnabled(not changing)
        self.bypass.setToolTip(
            tr("{name} changes the shape, so values cannot pass by it.", name=changing[0]) if changing else ""
        )


def _passes(info: NodeInfo) -> bool:
    return len(info.inputs) == 1 and info.output is not None and info.output == info.inputs[0]
