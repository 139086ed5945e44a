"""The designer's heart, without a window: the document, its commands, shapes, problems, files."""
