"""Training: data adapters, what `compile` sets, the compiled steps and the loop."""
