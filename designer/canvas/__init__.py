"""The canvas: the network drawn, and the gestures that edit it."""
