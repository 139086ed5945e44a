"""Documents as source code."""
