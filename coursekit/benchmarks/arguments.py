"""What the benchmarks' options have in common."""

import argparse


def count(text: str) -> int:
    """A whole number from 1 on, out of an option's text."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: take a whole number, 1 or more")
    return int(text)
