"""Curves as files: a picture in points or in vectors, or the numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from designer.core.text import tr
from designer.look.fonts import font
from designer.look.theme import color
from designer.panels.curves.scales import title_of

if TYPE_CHECKING:
    from designer.panels.curves.plot import Plot

Rows = Sequence[Sequence[str]]


def write(path: str, page: QWidget, plots: Sequence[Plot], rows: Rows) -> None:
    """Write curves to a file; its ending says how.

    Raises:
        OSError: the disk refuses.
    """
    ending = path.rpartition(".")[2].lower()
    content = svg(page, plots) if ending == "svg" else table(rows) if ending == "csv" else png(page)
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


def svg(page: QWidget, plots: Sequence[Plot]) -> bytes:
    """The plots of a page as vectors."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(page.size())
    generator.setViewBox(QRect(QPoint(0, 0), page.size()))
    # The axes are kept as pictures of the screen, which are stretched to a device of another resolution.
    generator.setResolution(page.logicalDpiX())
    generator.setTitle(tr("Curves"))
    painter = QPainter(generator)
    painter.fillRect(page.rect(), color("panel"))
    for plot in plots:
        place = QRectF(plot.view.geometry().translated(plot.mapTo(page, QPoint(0, 0))))
        painter.setPen(color("text"))
        painter.setFont(font("small", weight=600))
        painter.drawText(QPointF(place.left() + 4, place.top() - 6), title_of(plot.name))
        plot.view.render(painter, place, plot.view.viewport().rect())
    painter.end()
    buffer.close()
    return bytes(data.data())


def table(rows: Rows) -> bytes:
    """The numbers with a head line, as spreadsheets read them."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
