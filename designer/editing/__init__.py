"""Editing: undo history, selection, and the workspace that canvas and panels share."""
