"""Training: the bar that starts and follows it, and the panel with its settings."""

from designer.panels.training.bar import TrainingBar
from designer.panels.training.settings import TrainingPanel

__all__ = ["TrainingBar", "TrainingPanel"]
