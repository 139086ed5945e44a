"""What a right click offers: edits of the layers or the wire under the mouse, the search box on empty canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from designer.core.commands import Disconnect, SetTrainable
from designer.core.document import Edge, NodeId
from designer.core.text import tr
from designer.look.icons import icon

if TYPE_CHECKING:
    from designer.canvas.edits import Edits

Entry = tuple[str, str, str, Callable[[], object]]


def open_menu(view: Edits, pixel: QPoint) -> QMenu | None:
    """The menu for a pixel of the viewport, shown there; None where the search box opens instead."""
    place = view.mapToScene(pixel)
    item, wire = view.canvas.node_at(place), view.canvas.edge_at(place)
    if item is not None:
        if item.node.id not in view.workspace.selection:
            view.workspace.selection.set([item.node.id])
        entries = _for_node(view, item.node.id)
    elif wire is not None:
        view.workspace.selection.set(edge=wire.edge)
        entries = _for_wire(view, wire.edge)
    else:
        view.offer(place)
        return None
    menu = QMenu(view)
    menu.setObjectName("canvasMenu")
    for words, keys, name, run in entries:
        action = menu.addAction(icon(name), f"{words}\t{keys}" if keys else words)
        action.triggered.connect(lambda _=False, run=run: run())
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(view.viewport().mapToGlobal(pixel))
    return menu


def _for_node(view: Edits, identifier: NodeId) -> list[Entry]:
    node = view.workspace.document.nodes[identifier]
    freeze = SetTrainable(identifier, not node.trainable)
    words = (
        tr("Freeze") if node.trainable else tr("Unfreeze"),
        tr("Use again") if node.bypassed else tr("Bypass"),
    )
    return [
        (tr("Add a layer after it"), "", "zoom-in", lambda: view.offer_after(identifier)),
        (tr("Copy"), "Ctrl+C", "duplicate", view.copy),
        (tr("Duplicate"), "Ctrl+D", "duplicate", view.duplicate),
        (words[0], "", "freeze", lambda: view.try_run(freeze)),
        (words[1], "Ctrl+B", "bypass", view.toggle_bypass),
        (tr("Delete"), "Del", "delete", view.delete_selection),
        (tr("Delete and reconnect"), "Ctrl+Del", "delete", view.delete_and_reconnect),
    ]


def _for_wire(view: Edits, edge: Edge) -> list[Entry]:
    return [(tr("Take the wire off"), "Del", "delete", lambda: view.try_run(Disconnect(edge)))]
