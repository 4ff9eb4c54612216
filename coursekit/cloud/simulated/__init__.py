"""Loopback servers: the vendors' wire formats, with a real search behind them."""
