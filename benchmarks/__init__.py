"""Figures, printed and never asserted: absolute times are noisy on shared machines."""
