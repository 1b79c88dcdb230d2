"""Looking into trained models: weights, neighbours, plots."""
