"""Commands that print ratios to peers in the same run: `python -m coursekit.benchmarks`."""
