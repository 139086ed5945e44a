"""Between the document and the window: undo history, selection, and the workspace that canvas and panels share."""
