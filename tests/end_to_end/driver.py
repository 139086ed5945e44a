"""The app in a process of its own, for tests that kill it: prints what it did, line by line, and waits for words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from designer.app.settings import Settings
from designer.app.window import MainWindow
from designer.codegen.keras import to_keras
from designer.core.project import record_of
from designer.look import theme


def state(window: MainWindow) -> str:
    """The open document as text that can be compared."""
    import msgspec

    return msgspec.json.encode(record_of(window.editor.workspace.document)).decode()


def tell(word: str, **facts: object) -> None:
    print(json.dumps({"did": word, **facts}), flush=True)


def edit(window: MainWindow, path: str) -> None:
    """Open a project, nudge layers with the keys and delete one: then hold still until killed."""
    window.open(path)
    canvas = window.editor.canvas
    workspace = window.editor.workspace
    first = next(iter(workspace.document.nodes))
    workspace.selection.set([first])
    canvas.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(canvas, key)
    window.actions_by_id["delete"].trigger()
    tell("edited", state=state(window))


def recover(window: MainWindow, _: str) -> None:
    """Take the offer of the welcome page."""
    buttons = window.findChildren(QPushButton, "recover")
    tell("offered", count=len(buttons))
    QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    path = window.editor.project.path
    tell("recovered", state=state(window), path=str(path and path.name), dirty=window.is_dirty)
    window.editor.mark_saved()
    window.close()
    QApplication.quit()


def export(window: MainWindow, paths: str) -> None:
    """Open a project, write its code to a file, tell what is open."""
    path, _, target = paths.partition("=")
    window.open(path)
    window.editor.code.refresh()
    window.export_to(target, to_keras(window.editor.workspace.document).text)
    tell("exported", state=state(window))
    window.close()
    QApplication.quit()


def main(task: str, path: str) -> int:
    app = QApplication(sys.argv[:1])
    app.setApplicationName("bricklayer")
    app.setOrganizationName("Bricklayer")
    theme.apply(app, theme.LIGHT, 1.0)
    window = MainWindow(Settings())
    window.show()

    def run() -> None:
        done = False
        try:
            {"edit": edit, "recover": recover, "export": export}[task](window, path)
            done = True
        finally:
            if not done:
                app.exit(1)

    QTimer.singleShot(0, run)
    return app.exec()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(main(sys.argv[1], sys.argv[2]))
