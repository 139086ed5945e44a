"""Starting the window."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from designer.app import crash
from designer.app.settings import Settings
from designer.app.window import MainWindow
from designer.look import theme


def run(arguments: list[str]) -> int:
    """Show the window, with a project when one is named; returns when it is closed."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("bricklayer")
    app.setOrganizationName("Bricklayer")
    settings = Settings()
    chosen = theme.THEMES.get(settings.theme, theme.LIGHT)
    theme.apply(app, chosen, settings.text_scale)
    window = MainWindow(settings)
    crash.install(window.tell)
    if arguments:
        window.open(arguments[0])
    window.show()
    return app.exec()
