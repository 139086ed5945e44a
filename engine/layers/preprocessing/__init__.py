"""Layers that prepare data inside the network."""
