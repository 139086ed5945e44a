"""The engine's heart: ops, values, the tape, traced graphs and compiled plans."""
