"""Candidates as Keras models: training loop, morphisms, transfer of weights.

Importing the package loads no Keras; its modules do.
"""
