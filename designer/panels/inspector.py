"""The inspector: settings, shape and cost of the selected layer, made from the catalogue alone."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from designer.core.catalog import component
from designer.core.commands import UNSET, RenameNode, SetBypassed, SetParams, SetTrainable
from designer.core.document import Node
from designer.core.errors import Refused
from designer.core.ports import axes_text, axes_words, shape_text
from designer.core.text import tr
from designer.editing.workspace import Workspace
from designer.look.widgets import Button, Chip, EmptyState, HLine, Label, SectionHeader, Tile
from designer.panels.editors import editor_for, mark
from engine.catalog import ParamInfo

KEY_WIDTH = 96


class InspectorPanel(QWidget):
    """Shows one selected layer; the first of several."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self._workspace = workspace
        self._more = False
        self._stack = QStackedLayout(self)
        self._empty = EmptyState(tr("Nothing selected."), tr("Click a layer to see and change its settings."))
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._area)
        workspace.selection.changed.connect(self.refresh)
        workspace.changed.connect(lambda _: self.refresh())
        workspace.preview_changed.connect(lambda _: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Show the selection as it is now."""
        ids = [i for i in self._workspace.selection.ids if i in self._workspace.document.nodes]
        if not ids:
            self._stack.setCurrentWidget(self._empty)
            return
        focused = self.focusWidget().objectName() if self.focusWidget() else ""
        page = self._page(self._workspace.document.nodes[ids[0]], len(ids))
        self._area.setWidget(page)
        self._stack.setCurrentWidget(self._area)
        again = page.findChild(QWidget, focused) if focused and self.isAncestorOf(self._area) else None
        if again is not None:
            again.setFocus()

    def _page(self, node: Node, count: int) -> QWidget:
        page = QWidget()
        page.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(self._head(node, count))
        layout.addWidget(HLine())
        self._parameters(layout, node)
        if node.type != "Input":
            layout.addWidget(HLine())
            self._shape(layout, node)
            layout.addWidget(HLine())
            self._cost(layout, node)
            layout.addLayout(self._buttons(node))
        layout.addStretch()
        return page

    def _head(self, node: Node, count: int) -> QHBoxLayout:
        known = component(node.type)
        name = QLineEdit(node.name)
        name.setObjectName("nodeName")
        name.setAccessibleName(tr("Name of the layer"))
        name.editingFinished.connect(lambda: self._rename(node, name))
        words = f"{node.type} · {known.category.capitalize() if known else tr('not known')}"
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addWidget(name)
        right.addWidget(Label(words + (tr(" · {n} selected", n=count) if count > 1 else ""), "micro", "text2"))
        row = QHBoxLayout()
        row.addWidget(Tile(known.category if known else "custom", 32))
        row.addLayout(right, 1)
        return row

    def _rename(self, node: Node, field: QLineEdit) -> None:
        if not field.isModified() or field.text().strip() == node.name:
            return
        field.setModified(False)
        try:
            self._workspace.run(RenameNode(node.id, field.text()))
        except Refused as error:
            mark(field, error.sentence)
            self._workspace.told.emit(error.sentence)

    # Parameters.
    def _parameters(self, layout: QVBoxLayout, node: Node) -> None:
        known = component(node.type)
        params = known.params if known else ()
        plain = [p for p in params if not p.advanced or p.name in node.params]
        rest = [p for p in params if p not in plain]
        layout.addWidget(Label(tr("Parameters"), "small", weight=600))
        layout.addLayout(self._rows(node, plain))
        if rest:
            more = SectionHeader(tr("{n} more: {names}", n=len(rest), names=rest[0].name.replace("_", " ") + ", …"))
            more.setChecked(self._more)
            holder = QWidget()
            holder.setLayout(self._rows(node, rest))
            holder.setVisible(self._more)
            more.folded.connect(lambda folded: self._fold(holder, folded))
            layout.addWidget(more)
            layout.addWidget(holder)

    def _fold(self, holder: QWidget, folded: bool) -> None:
        self._more = not folded
        holder.setVisible(not folded)

    def _rows(self, node: Node, params: list[ParamInfo]) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.setColumnMinimumWidth(0, KEY_WIDTH)
        grid.setColumnStretch(1, 1)
        info = self._workspace.analysis.info(node.id)
        for row, param in enumerate(params):
            given = param.name in node.params
            key = Label(
                param.name.replace("_", " ").capitalize(),
                "small",
                "text" if given else "text2",
                weight=600 if given else None,
            )
            key.setToolTip(param.doc)
            key.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            key.customContextMenuRequested.connect(lambda _, p=param: self._set(node, p, UNSET))
            value = node.params.get(param.name, param.default)
            editor = editor_for(param, value, partial(self._set, node, param))
            grid.addWidget(key, 2 * row, 0)
            grid.addWidget(editor, 2 * row, 1)
            if info.param == param.name and info.error:
                if isinstance(editor, QLineEdit):
                    mark(editor, info.error)
                grid.addWidget(Label(info.error, "micro", "error", wrap=True), 2 * row + 1, 0, 1, 2)
        return grid

    def _set(self, node: Node, param: ParamInfo, value: Any) -> None:
        if value is UNSET or (not param.required and value == param.default):
            value = UNSET
            if param.name not in node.params:
                return
        chosen = [i for i in self._workspace.selection.ids if self._workspace.document.nodes[i].type == node.type]
        for identifier in chosen or [node.id]:
            self._workspace.run(SetParams(identifier, {param.name: value}))

    # Shape and cost.
    def _shape(self, layout: QVBoxLayout, node: Node) -> None:
        info = self._workspace.analysis.info(node.id)
        layout.addWidget(Label(tr("Shape"), "small", weight=600))
        row = QHBoxLayout()
        source = info.inputs[0] if info.inputs else None
        row.addWidget(Chip(shape_text(source), axes_text(source)))
        row.addWidget(Label("→", "body", "text2"))
        row.addWidget(
            Chip(shape_text(info.output), axes_text(info.output), "error" if info.state == "error" else "normal")
        )
        row.addStretch()
        layout.addLayout(row)
        words = info.error or "; ".join(info.derivation) or (axes_words(info.output) if info.output else "")
        if words:
            layout.addWidget(Label(words, "small", "error" if info.error else "text2", wrap=True))

    def _cost(self, layout: QVBoxLayout, node: Node) -> None:
        info = self._workspace.analysis.info(node.id)
        layout.addWidget(Label(tr("Cost"), "small", weight=600))
        parameters = "?" if info.parameters is None else info.parameter_rule or f"{info.parameters:,}"
        macs = f"{info.macs:,}" if info.preview else "?"
        for key, value in ((tr("Parameters"), parameters), (tr("Multiply-adds"), macs)):
            row = QHBoxLayout()
            row.addWidget(Label(key, "micro", "text2"))
            row.addStretch()
            number = Label(value, "micro", mono=True, wrap=len(value) > 26)
            row.addWidget(number)
            layout.addLayout(row)

    def _buttons(self, node: Node) -> QHBoxLayout:
        freeze = Button(tr("Freeze") if node.trainable else tr("Unfreeze"), "freeze")
        freeze.clicked.connect(lambda: self._workspace.run(SetTrainable(node.id, not node.trainable)))
        bypass = Button(tr("Use again") if node.bypassed else tr("Bypass"), "bypass")
        info = self._workspace.analysis.info(node.id)
        same = bool(info.inputs and info.output == info.inputs[0]) or node.bypassed
        bypass.setEnabled(same)
        bypass.setToolTip("" if same else tr("{name} changes the shape, so it cannot be passed by.", name=node.name))
        bypass.clicked.connect(lambda: self._workspace.run(SetBypassed(node.id, not node.bypassed)))
        row = QHBoxLayout()
        row.addWidget(freeze)
        row.addWidget(bypass)
        return row
