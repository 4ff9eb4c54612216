"""Commands that print ratios against peers in the same run: `python -m coursekit.benchmarks`."""
