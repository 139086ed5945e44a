"""The inspector: settings, shape and cost of what is selected, made from the catalogue alone."""

from designer.panels.inspector.panel import InspectorPanel

__all__ = ["InspectorPanel"]
