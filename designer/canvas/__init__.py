"""The canvas: a projection of the document on a graphics view, and the gestures that edit it."""
