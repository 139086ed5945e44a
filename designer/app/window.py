"""The main window: menus, docks, status; opening, saving, closing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLineEdit,
    QMainWindow,
    QMenu,
    QMessageBox,
    QToolBar,
)

from designer import __version__
from designer.app import actions
from designer.app.command_palette import CommandPalette
from designer.app.docks import Docks
from designer.app.editor import Editor
from designer.app.files import Files
from designer.app.recovery import leftovers
from designer.app.settings import Settings
from designer.app.top_bar import TopBar
from designer.app.welcome import WelcomePage, examples, title_of
from designer.core.errors import Refused
from designer.core.project import Project
from designer.core.text import count, tr
from designer.look import fonts, theme
from designer.look.icons import pixmap
from designer.look.widgets import Label, Toast


class MainWindow(QMainWindow):
    """The window: the welcome page, or one project."""

    recent_menu: QMenu
    examples_menu: QMenu
    versions_menu: QMenu
    files: Files
    docks: Docks

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.settings = settings or Settings()
        self._editor: Editor | None = None
        self._bar: QToolBar | None = None
        self.files = Files(self)
        self.actions_by_id = actions.build(self)
        keys = QKeySequence(actions.keys_of("palette")).toString(QKeySequence.SequenceFormat.NativeText)
        self.top_bar = TopBar(self.menuBar(), keys, self.find_anything)
        self._status = Label("", "small", "text2")
        self._status.setObjectName("statusBar")
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self._status)
        self.setDockNestingEnabled(True)
        self.resize(1440, 900)
        self._toast: Toast | None = None
        self.show_welcome()

    @property
    def editor(self) -> Editor:
        """The open project."""
        if self._editor is None:
            raise RuntimeError("No project is open.")
        return self._editor

    @property
    def is_editing(self) -> bool:
        return self._editor is not None

    # Pages.
    def show_welcome(self) -> None:
        """Leave the project for the welcome page."""
        self.files.leave(self._show_welcome)

    def _show_welcome(self) -> None:
        self._drop_editor()
        page = WelcomePage([p for p in self.settings.recent if Path(p).exists()], leftovers())
        page.recover.connect(self.files.recover)
        page.begun.connect(self.files.new)
        page.browse.connect(self.files.ask_open)
        page.opened.connect(self.open)
        page.example.connect(self.open_example)
        self.setCentralWidget(page)
        self._status.setText(tr("Ready"))
        self.setWindowTitle(tr("Welcome · Bricklayer"))
        self.top_bar.set_title(tr("Welcome"), "")
        self._enable()
        self._fill_menus()

    def _drop_editor(self) -> None:
        if self._editor is None:
            return
        editor, self._editor = self._editor, None
        editor.close()
        self.docks.close()
        if self._bar is not None:
            self.removeToolBar(self._bar)
            self._bar.deleteLater()
            self._bar = None
        self._toast = None
        editor.canvas.deleteLater()
        editor.deleteLater()

    def show_project(self, project: Project) -> None:
        """Edit a project."""
        self._drop_editor()
        editor = self._editor = Editor(project, self)
        self.setCentralWidget(editor.canvas)
        self._bar = QToolBar(tr("Training"))
        self._bar.setObjectName("trainingToolBar")
        self._bar.setMovable(False)
        self._bar.addWidget(editor.bar)
        self.addToolBar(self._bar)
        self.docks = Docks(self, editor, self.settings)
        self._toast = Toast(editor.canvas)
        editor.told.connect(self.tell)
        editor.code.export_requested.connect(self.export)
        editor.problems.panel_requested.connect(self.show_panel)
        editor.trained.connect(self._follow)
        editor.canvas.problem_clicked.connect(lambda _: self.docks.show(editor.problems))
        history = editor.workspace.history
        history.changed.connect(self._follow)
        editor.workspace.changed.connect(lambda _: self._follow())
        editor.workspace.problems_changed.connect(lambda _: self._follow())
        self._enable()
        self._follow()
        self.docks.arrange()
        for sentence in project.told:
            self.tell(sentence)
        editor.canvas.setFocus()

    def show_panel(self, name: str) -> None:
        """Bring a panel of the bottom to the front: "curves", "data", "training", "problems" or "code"."""
        self.docks.show(getattr(self.editor, name))

    def panels(self) -> dict[str, str]:
        """Titles of the bottom's panels by the names that `show_panel` takes."""
        titles = (tr("Curves"), tr("Data"), tr("Training"), tr("Problems"), tr("Code"))
        return dict(zip(("curves", "data", "training", "problems", "code"), titles, strict=True))

    def find_anything(self) -> CommandPalette:
        """Open the command palette."""
        return CommandPalette(self)

    def tell(self, sentence: str) -> None:
        """A message that goes by itself."""
        if self._toast is not None:
            self._toast.say(sentence)

    def _enable(self) -> None:
        for spec in actions.ACTIONS:
            if spec.editing:
                self.actions_by_id[spec.id].setEnabled(self.is_editing)

    def _follow(self) -> None:
        """Title, undo texts and status."""
        if self._editor is None:
            return
        editor, document = self._editor, self._editor.workspace.document
        history = editor.workspace.history
        file = editor.project.path.name if editor.project.path else document.name or tr("new network")
        state = tr("Edited") if self.is_dirty else tr("Saved")
        self.setWindowTitle(f"{file} · {state}")
        self.top_bar.set_title(file, state)
        undo, redo = self.actions_by_id["undo"], self.actions_by_id["redo"]
        undo.setText(tr("Undo: {text}", text=history.undoText()) if history.canUndo() else tr("Undo"))
        redo.setText(tr("Redo: {text}", text=history.redoText()) if history.canRedo() else tr("Redo"))
        undo.setEnabled(history.canUndo())
        redo.setEnabled(history.canRedo())
        analysis, layers = editor.workspace.analysis, len(document.nodes)
        size = analysis.memory_bytes / 1024
        words = [
            count(layers, tr("layer"), tr("layers")),
            tr("{p:,} parameters ({s:,.0f} KB)", p=analysis.parameters, s=size),
        ]
        words += [document.data.source] if document.data.source else []
        words += [count(len(editor.workspace.errors), tr("error"), tr("errors"))] if editor.workspace.errors else []
        self._status.setText(" · ".join(words))

    @property
    def is_dirty(self) -> bool:
        """Whether something is not saved."""
        return self._editor is not None and self._editor.is_dirty

    # Files.
    def open(self, path: str) -> bool:
        """Open a project; whether it is open now."""
        return self.files.open(path)

    def open_example(self, path: str) -> bool:
        """Open an example as a copy."""
        return self.files.open(path, example=True)

    def save_to(self, path: str) -> bool:
        """Write the project to a file."""
        return self.files.save_to(path)

    def remember(self, path: Path) -> None:
        """Put a project first among the recent ones."""
        self.settings.add_recent(str(path.resolve()))
        self._fill_menus()
        self._follow()

    def _fill_menus(self) -> None:
        self.recent_menu.clear()
        for path in self.settings.recent:
            self.recent_menu.addAction(Path(path).name, partial(self.open, path))
        self.examples_menu.clear()
        for example in examples():
            self.examples_menu.addAction(title_of(example), partial(self.open_example, str(example)))
        self.versions_menu.clear()
        for version in self.files.earlier():
            words = f"{version.when:%d.%m.%Y %H:%M:%S}"
            self.versions_menu.addAction(words, partial(self.files.open_version, version))
        self.versions_menu.setEnabled(not self.versions_menu.isEmpty())

    def export(self) -> None:
        """Write Keras code to a file."""
        from designer.codegen.keras import to_keras

        document = self.editor.workspace.document
        path, _ = QFileDialog.getSaveFileName(
            self, tr("Export"), f"{document.name or 'network'}.py", tr("Python (*.py)")
        )
        if not path:
            return
        try:
            text = to_keras(document).text
        except Refused as refusal:
            self.files.refuse(refusal.sentence)
            return
        self.export_to(path, text)

    def export_to(self, path: str, text: str) -> None:
        """Write source text to a file."""
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            self.files.refuse(tr("{path} was not written: {reason}.", path=path, reason=error.strerror or error))
            return
        self.tell(tr("Exported as {name}.", name=Path(path).name))

    # View.
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.is_editing:
            self.docks.arrange()

    def set_theme(self, name: str) -> None:
        """Light, dark or high contrast."""
        self.settings.theme = name
        theme.apply(_app(), theme.THEMES[name], self.settings.text_scale)

    def scale_text(self, step: int) -> None:
        """The next larger or smaller text."""
        scales = fonts.SCALES
        place = min(range(len(scales)), key=lambda i: abs(scales[i] - self.settings.text_scale))
        self.settings.text_scale = scales[min(max(place + step, 0), len(scales) - 1)]
        theme.apply(_app(), theme.theme(), self.settings.text_scale)
        if self.is_editing:
            self.docks.arrange()

    def rename(self) -> None:
        """Put the cursor into the selected layer's name."""
        field = self.editor.inspector.findChild(QLineEdit, "nodeName")
        if field is not None:
            field.setFocus()
            field.selectAll()

    def about(self) -> None:
        """Version and licence."""
        words = tr(
            "Design neural networks out of layers, train them and take them away as Python code.\n\n"
            "Version {version} · MIT licence · works without a network.",
            version=__version__,
        )
        box = QMessageBox(QMessageBox.Icon.NoIcon, tr("About Bricklayer"), tr("Bricklayer"), parent=self)
        box.setObjectName("about")
        box.setInformativeText(words)
        box.setIconPixmap(pixmap("brick", 44, "brick"))
        box.setStandardButtons(QMessageBox.StandardButton.Close)
        box.finished.connect(box.deleteLater)
        box.open()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.is_dirty:
            event.ignore()
            self.files.leave(self._close_now)
        else:
            self._drop_editor()
            event.accept()

    def _close_now(self) -> None:
        self._drop_editor()
        self.close()


def _app() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("The window needs an application.")
    return app
