"""The inspector panel: rows are built once for a selection and then follow the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from designer.core import changes as ch
from designer.core.catalog import component
from designer.core.commands import UNSET, Command, Compound, RenameNode, SetBypassed, SetParams, SetTrainable
from designer.core.document import Node
from designer.core.errors import Refused
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.theme import theme_changed
from designer.look.widgets import EmptyState, HLine, Panel, SectionHeader, clear
from designer.panels.fields import values
from designer.panels.fields.editors import field_for
from designer.panels.fields.rows import Section, SettingRow
from designer.panels.inspector.sections import CostSection, Head, ShapeSection, SwitchButtons
from engine.catalog import ParamInfo

HIDDEN = ("name", "data_format")
NARROWEST = 200
"""Pixels that rows need at the smallest text scale."""


class InspectorPanel(Panel):
    """Shows and changes the selected layers."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("inspector", tr("Inspector"), parent)
        self._workspace = workspace
        self._shown: tuple[tuple[str, str], ...] = ()
        self._more_open = False
        self._rows: dict[str, SettingRow] = {}
        self._stack = QStackedLayout(self)
        self._stack.addWidget(EmptyState(tr("Nothing selected."), tr("Click a layer to see and change its settings.")))
        self._stack.addWidget(self._build())
        workspace.selection.changed.connect(self.refresh)
        workspace.changed.connect(self._on_changes)
        workspace.analysed.connect(self.refresh)
        workspace.preview_changed.connect(self.refresh)
        theme_changed.connect(self._resize)
        self._resize()
        self.refresh()

    def _build(self) -> QWidget:
        page = QWidget()
        self.head = Head()
        self.head.renamed.connect(self._rename)
        self.head.reset_requested.connect(self._reset_all)
        self._parameters = Section(tr("Parameters"))
        self._shape, self._cost = ShapeSection(), CostSection()
        self._buttons = SwitchButtons()
        self._buttons.freeze.clicked.connect(self._freeze)
        self._buttons.bypass.clicked.connect(self._bypass)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._lines = [HLine(), HLine()]
        for part in (self._parameters, self._lines[0], self._shape, self._lines[1], self._cost, self._buttons):
            column.addWidget(part)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(HLine())
        layout.addWidget(area, 1)
        return page

    def _resize(self, _: object = None) -> None:
        self.setMinimumWidth(max(px(224), NARROWEST))

    # Following.
    def nodes(self) -> list[Node]:
        """The selected layers."""
        document = self._workspace.document
        return [document.nodes[i] for i in self._workspace.selection.ids if i in document.nodes]

    def _on_changes(self, changes: list[ch.Change]) -> None:
        if not ch.only_appearance(changes):
            self.refresh()

    def refresh(self, _: object = None) -> None:
        """Show the selection as it is now."""
        nodes = self.nodes()
        self._stack.setCurrentIndex(1 if nodes else 0)
        identity = tuple((node.id, node.type) for node in nodes)
        if identity != self._shown:
            self._shown = identity
            self._build_rows(nodes)
        if nodes:
            self._follow(nodes)

    def _common(self, nodes: list[Node]) -> list[ParamInfo]:
        """Settings that all the layers have."""
        lists = [list(c.params) if (c := component(node.type)) is not None else [] for node in nodes]
        if not lists:
            return []
        shared = [
            p for p in lists[0] if all(any(p.name == q.name and p.type == q.type for q in other) for other in lists)
        ]
        if nodes[0].type == "Input":
            shared = [values.optional(p) for p in shared]
        return [p for p in shared if p.name not in HIDDEN or any(p.name in node.params for node in nodes)]

    def _build_rows(self, nodes: list[Node]) -> None:
        content = self._parameters.content
        clear(content)
        self._rows = {}
        params = self._common(nodes)
        plain = [p for p in params if not p.advanced or any(p.name in node.params for node in nodes)]
        rest = [p for p in params if p not in plain]
        for param in plain:
            content.addWidget(self._row(param))
        if rest:
            self._add_more(rest)
        several = len(nodes) > 1
        self._parameters.setVisible(bool(params))
        for part in (self._lines[0], self._shape):
            part.setVisible(not several)
        self._buttons.setVisible(all(node.type != "Input" for node in nodes))

    def _add_more(self, rest: list[ParamInfo]) -> None:
        content = self._parameters.content
        names = ", ".join(values.words(p.name).lower() for p in rest[:2])
        more = SectionHeader(tr("{n} more: {names}", n=len(rest), names=names + (", …" if len(rest) > 2 else "")), True)
        more.setObjectName("moreSettings")
        more.setAccessibleName(more.text())
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for param in rest:
            column.addWidget(self._row(param))
        content.addWidget(more)
        content.addWidget(holder)
        more.setChecked(self._more_open)
        holder.setVisible(self._more_open)
        more.folded.connect(lambda folded: self._fold_more(holder, folded))

    def _fold_more(self, holder: QWidget, folded: bool) -> None:
        self._more_open = not folded
        holder.setVisible(not folded)

    def _row(self, param: ParamInfo) -> SettingRow:
        hint = tr("from the data") if self._shown and self._shown[0][1] == "Input" and param.name == "shape" else ""
        row = SettingRow(field_for(param, self._workspace.history.new_gesture, hint))
        row.field.edited.connect(lambda value, gesture, p=param: self._set(p, value, gesture))
        row.reset_requested.connect(lambda p=param: self._set(p, UNSET, None))
        self._rows[param.name] = row
        return row

    def _follow(self, nodes: list[Node]) -> None:
        infos = [self._workspace.analysis.info(node.id) for node in nodes]
        known = [component(node.type) for node in nodes]
        if len(nodes) == 1:
            self.head.show_one(nodes[0], known[0])
        else:
            self.head.show_many(nodes, known[0] if len({n.type for n in nodes}) == 1 else None)
        after, shape = self._previewed(nodes[0]) if len(nodes) == 1 else (None, None)
        for name, row in self._rows.items():
            self._fill(row, nodes)
            row.complain(next((i.error for i in infos if i.param == name), ""))
            row.show_preview(self._change(row, nodes[0], after))
        if len(nodes) == 1:
            self._shape.show_info(infos[0], shape)
            self._cost.show_info(infos[0])
        else:
            self._cost.show_sum(infos)
        self._buttons.show_nodes(nodes, known, infos)

    @staticmethod
    def _fill(row: SettingRow, nodes: list[Node]) -> None:
        info = row.field.info
        found = [node.params.get(info.name, _default(node, info)) for node in nodes]
        row.set_changed(any(info.name in node.params for node in nodes))
        if all(values.plain(value) == values.plain(found[0]) for value in found):
            row.field.show_value(found[0])
        else:
            row.field.show_mixed()

    # Previews of repairs.
    def _previewed(self, node: Node) -> tuple[Node | None, tuple[Any, tuple[str, ...]] | None]:
        """The layer after the repair that is being shown, and its new shape and rule."""
        preview = self._workspace.preview
        if preview is None:
            return None, None
        from designer.core.analysis import Analysis

        twin = self._workspace.document.copy()
        preview.repair.command.do(twin)
        after = twin.nodes.get(node.id)
        shape = None
        if after is not None:
            analysis = Analysis(twin)
            info = analysis.info(node.id)
            analysis.close()
            changed = info.derivation if after.params != node.params else ()
            shape = (info.output, changed)
        preview.repair.command.undo(twin)
        return after, shape

    @staticmethod
    def _change(row: SettingRow, before: Node, after: Node | None) -> tuple[Any, Any] | None:
        info = row.field.info
        if after is None:
            return None
        old, new = before.params.get(info.name, info.default), after.params.get(info.name, info.default)
        return None if values.plain(old) == values.plain(new) else (old, new)

    # Editing.
    def _run(self, make: Callable[[Node], Command | None], words: str) -> None:
        """One command for all selected layers."""
        commands = [c for node in self.nodes() if (c := make(node)) is not None]
        if commands:
            several = tr("{words} of {what}", words=words, what=count(len(commands), tr("layer"), tr("layers")))
            self._workspace.run(commands[0] if len(commands) == 1 else Compound(several, commands))

    def _set(self, param: ParamInfo, value: Any, gesture: int | None) -> None:
        back = value is UNSET or (not param.required and values.plain(value) == values.plain(param.default))

        def change(node: Node) -> Command | None:
            if back:
                return SetParams(node.id, {param.name: UNSET}, gesture) if param.name in node.params else None
            if values.plain(node.params.get(param.name, _NOTHING)) == values.plain(value):
                return None
            return SetParams(node.id, {param.name: values.plain(value)}, gesture)

        self._run(change, tr("set {key}", key=values.words(param.name).lower()))
        if value is UNSET and param.name in self._rows:
            self._rows[param.name].field.refused.emit("")
        self.refresh()

    def _reset_all(self) -> None:
        def change(node: Node) -> Command | None:
            known = component(node.type)
            required = {p.name for p in known.params if p.required} if known is not None else set()
            names = [name for name in node.params if name not in required or node.type == "Input"]
            return SetParams(node.id, dict.fromkeys(names, UNSET)) if names else None

        self._run(change, tr("reset the settings"))

    def _rename(self, name: str) -> None:
        nodes = self.nodes()
        if len(nodes) != 1 or name == nodes[0].name:
            return
        try:
            self._workspace.run(RenameNode(nodes[0].id, name))
        except Refused as error:
            self.head.refuse(error.sentence)

    def _freeze(self) -> None:
        trainable = all(not node.trainable for node in self.nodes())
        self._run(lambda n: SetTrainable(n.id, trainable) if n.trainable != trainable else None, tr("freeze"))

    def _bypass(self) -> None:
        bypassed = not all(node.bypassed for node in self.nodes())
        self._run(lambda n: SetBypassed(n.id, bypassed) if n.bypassed != bypassed else None, tr("bypass"))

    def edit_name(self) -> None:
        """Put the cursor into the layer's name."""
        self.head.name.setFocus()
        self.head.name.selectAll()

    def row(self, name: str) -> SettingRow | None:
        """The row of a setting."""
        return self._rows.get(name)


def _default(node: Node, info: ParamInfo) -> Any:
    """What the setting is in this layer while it is not set; layers of other types may begin otherwise."""
    known = component(node.type)
    own = next((p for p in known.params if p.name == info.name), info) if known is not None else info
    return own.default


_NOTHING = object()
