"""Benchmarks, each of which prints one JSON line for each figure."""
