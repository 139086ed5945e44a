"""The palette: all layers by family, searched, dragged to the canvas or placed by Enter; a rail on narrow windows."""

from designer.panels.palette.panel import PalettePanel
from designer.panels.palette.tree import MIME, LayerTree

__all__ = ["MIME", "LayerTree", "PalettePanel"]
