"""What several strategies learn with: models of scores, and policies, in NumPy."""
