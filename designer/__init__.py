"""Bricklayer's designer: draw a network, see every shape, train it, take the code away."""

__version__ = "0.1.0"
