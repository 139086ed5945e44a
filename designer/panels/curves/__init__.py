"""Curves of training: one plot a quantity, as lines or as a table, written to files on demand."""

from designer.panels.curves.panel import CurvesPanel

__all__ = ["CurvesPanel"]
