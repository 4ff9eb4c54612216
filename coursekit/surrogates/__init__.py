"""Models that several strategies share: surrogates of scores, and policies, in NumPy."""
