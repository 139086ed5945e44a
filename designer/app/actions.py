"""Every action in one table: menu, words, keys, and what it runs. Menus are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from designer.core.text import tr

if TYPE_CHECKING:
    from designer.app.window import MainWindow


@dataclass(frozen=True)
class ActionSpec:
    """One action. `editing` ones need an open project."""

    id: str
    menu: str
    text: str
    keys: tuple[str, ...]
    run: Callable[[MainWindow], object]
    editing: bool = True


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new", "File", tr("New network"), ("Ctrl+N",), lambda w: w.files.new(), False),
    ActionSpec("open", "File", tr("Open …"), ("Ctrl+O",), lambda w: w.files.ask_open(), False),
    ActionSpec("save", "File", tr("Save"), ("Ctrl+S",), lambda w: w.files.save()),
    ActionSpec("save_as", "File", tr("Save as …"), ("Ctrl+Shift+S",), lambda w: w.files.save_as()),
    ActionSpec("welcome", "File", tr("Welcome page"), ("Ctrl+Shift+H",), lambda w: w.show_welcome(), False),
    ActionSpec("quit", "File", tr("Quit"), ("Ctrl+Q",), lambda w: w.close(), False),
    ActionSpec("undo", "Edit", tr("Undo"), ("Ctrl+Z",), lambda w: w.editor.workspace.undo()),
    ActionSpec("redo", "Edit", tr("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), lambda w: w.editor.workspace.redo()),
    ActionSpec("cut", "Edit", tr("Cut"), ("Ctrl+X",), lambda w: w.editor.canvas.cut()),
    ActionSpec("copy", "Edit", tr("Copy"), ("Ctrl+C",), lambda w: w.editor.canvas.copy()),
    ActionSpec("paste", "Edit", tr("Paste"), ("Ctrl+V",), lambda w: w.editor.canvas.paste()),
    ActionSpec("duplicate", "Edit", tr("Duplicate"), ("Ctrl+D",), lambda w: w.editor.canvas.duplicate()),
    ActionSpec("delete", "Edit", tr("Delete"), ("Del", "Backspace"), lambda w: w.editor.canvas.delete_selection()),
    ActionSpec(
        "reconnect", "Edit", tr("Delete and reconnect"), ("Ctrl+Del",), lambda w: w.editor.canvas.delete_and_reconnect()
    ),
    ActionSpec("bypass", "Edit", tr("Bypass or use again"), ("Ctrl+B",), lambda w: w.editor.canvas.toggle_bypass()),
    ActionSpec("freeze", "Edit", tr("Freeze or unfreeze"), ("Ctrl+K",), lambda w: w.editor.canvas.toggle_frozen()),
    ActionSpec("select_all", "Edit", tr("Select all"), ("Ctrl+A",), lambda w: w.editor.canvas.select_all()),
    ActionSpec("rename", "Edit", tr("Rename layer"), ("F2",), lambda w: w.rename()),
    ActionSpec("fit", "View", tr("Show everything"), ("Home",), lambda w: w.editor.canvas.fit()),
    ActionSpec("fit_selection", "View", tr("Show the selection"), ("F",), lambda w: w.editor.canvas.fit_selection()),
    ActionSpec("zoom_in", "View", tr("Zoom in"), ("Ctrl+=", "Ctrl++"), lambda w: w.editor.canvas.zoom_by(1.15)),
    ActionSpec("zoom_out", "View", tr("Zoom out"), ("Ctrl+-",), lambda w: w.editor.canvas.zoom_by(1 / 1.15)),
    ActionSpec("zoom_100", "View", tr("100 %"), ("Ctrl+0",), lambda w: w.editor.canvas.zoom_to(1.0)),
    ActionSpec("minimap", "View", tr("Minimap"), ("Shift+M",), lambda w: w.editor.canvas.minimap.toggle()),
    ActionSpec("palette", "View", tr("Find or do anything …"), ("Ctrl+Shift+P",), lambda w: w.find_anything(), False),
    ActionSpec("inspector", "View", tr("Inspector"), ("N",), lambda w: w.docks.toggle_inspector()),
    ActionSpec("light", "View", tr("Light theme"), ("Ctrl+Alt+1",), lambda w: w.set_theme("light"), False),
    ActionSpec("dark", "View", tr("Dark theme"), ("Ctrl+Alt+2",), lambda w: w.set_theme("dark"), False),
    ActionSpec(
        "contrast", "View", tr("High contrast theme"), ("Ctrl+Alt+3",), lambda w: w.set_theme("high contrast"), False
    ),
    ActionSpec("larger", "View", tr("Larger text"), ("Ctrl+Alt+=",), lambda w: w.scale_text(1), False),
    ActionSpec("smaller", "View", tr("Smaller text"), ("Ctrl+Alt+-",), lambda w: w.scale_text(-1), False),
    ActionSpec("quick_add", "Graph", tr("Add a layer …"), ("Shift+A",), lambda w: w.editor.canvas.offer(None)),
    ActionSpec("search_layers", "Graph", tr("Search layers"), ("/",), lambda w: w.editor.palette.focus_search()),
    ActionSpec("arrange", "Graph", tr("Arrange layers"), ("Ctrl+L",), lambda w: w.editor.canvas.arrange()),
    ActionSpec("next_problem", "Graph", tr("Next problem"), ("F4",), lambda w: w.editor.problems.go_to_next()),
    ActionSpec("train", "Train", tr("Train, pause or resume"), ("F5", "Ctrl+Return"), lambda w: w.editor.bar.toggle()),
    ActionSpec("stop", "Train", tr("Stop"), ("Shift+F5",), lambda w: w.editor.session.stop()),
    ActionSpec("batch", "Train", tr("One batch"), ("F10",), lambda w: w.editor.bar.batch.click()),
    ActionSpec("epoch", "Train", tr("One epoch"), ("F11",), lambda w: w.editor.bar.epoch.click()),
    ActionSpec("export", "Code", tr("Export Keras code …"), ("Ctrl+E",), lambda w: w.export()),
    ActionSpec("about", "Help", tr("About Bricklayer"), ("F1",), lambda w: w.about(), False),
)


def keys_of(identifier: str) -> str:
    """The first shortcut of an action, "" without one."""
    keys = next(spec.keys for spec in ACTIONS if spec.id == identifier)
    return keys[0] if keys else ""


MENUS = ("File", "Edit", "View", "Graph", "Train", "Code", "Help")


def build(window: MainWindow) -> dict[str, QAction]:
    """Make menus and actions; actions by id."""
    menus = {name: window.menuBar().addMenu(tr(name)) for name in MENUS}
    made: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setObjectName(f"action_{spec.id}")
        action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        action.triggered.connect(lambda _=False, s=spec: s.run(window))
        menus[spec.menu].addAction(action)
        made[spec.id] = action
        if spec.id == "open":
            window.recent_menu = menus["File"].addMenu(tr("Recent"))
            window.examples_menu = menus["File"].addMenu(tr("Examples"))
        if spec.id == "save_as":
            window.versions_menu = menus["File"].addMenu(tr("Previous versions"))
    return made
