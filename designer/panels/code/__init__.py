"""The code pane: the network as source text that follows every edit."""

from designer.panels.code.panel import CodePanel

__all__ = ["CodePanel"]
