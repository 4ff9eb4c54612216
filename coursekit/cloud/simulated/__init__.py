"""Simulated services of three vendors on this machine: real searches, nobody's bill."""
