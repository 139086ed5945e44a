"""Curves as files: a picture in points or in vectors, or the numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from designer.look.theme import color

KINDS = ("png", "svg", "csv")
Rows = Sequence[Sequence[str]]


def write(path: str, page: QWidget, rows: Rows) -> None:
    """Write curves to a file; its ending says how.

    Raises:
        OSError: the disk refuses.
    """
    ending = path.rpartition(".")[2].lower()
    content = {"svg": lambda: svg(page), "csv": lambda: table(rows)}.get(ending, lambda: png(page))()
    Path(path).write_bytes(content)


def png(page: QWidget, ratio: float = 2.0) -> bytes:
    """The page as a picture with twice as many points as on the screen."""
    picture = QImage(page.size() * ratio, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(color("panel"))
    page.render(picture)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    return bytes(data.data())


def svg(page: QWidget) -> bytes:
    """The page as vectors."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(page.size())
    generator.setViewBox(QRect(QPoint(0, 0), page.size()))
    generator.setTitle("Curves")
    painter = QPainter(generator)
    page.render(painter, QPoint(0, 0))
    painter.end()
    buffer.close()
    return bytes(data.data())


def table(rows: Rows) -> bytes:
    """The numbers with a head line, as spreadsheets read them."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
