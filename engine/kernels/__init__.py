"""Arrays in, arrays out: the NumPy kernels behind the heavier ops. Nothing here knows the engine."""
