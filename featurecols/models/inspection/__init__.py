"""Looking into trained models: weights, neighbours, plots."""

__all__ = ["plots", "weights"]
