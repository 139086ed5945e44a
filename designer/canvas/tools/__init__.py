"""Gestures: each an object with press, move, release and cancel. On release it makes one command."""
