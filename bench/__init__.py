"""Benchmarks: each prints its figures, and their ratio to a reference measured in the same run.

``python -m bench.kernel --json [--quick]`` measures the compiled kernel, in memory and from files
to files (``python -m bench.parquet`` alone); the last line of its output is JSON. ``python -m bench.ledger --json [--quick]`` measures the books. A goal that is
missed is printed as it is.
"""
