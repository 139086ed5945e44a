"""The data panel: which data, how they are split and scaled, and a look at them."""

from designer.panels.data.panel import DataPanel

__all__ = ["DataPanel"]
