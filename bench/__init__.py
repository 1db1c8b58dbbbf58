"""Benchmarks: each prints its figures, and their ratio to a reference measured in the same run.

``python -m bench.kernel --json [--quick]`` measures the compiled kernel, in memory and from files
to files (``python -m bench.parquet`` alone); ``python -m bench.ledger --json [--quick]`` measures
the books; ``python -m bench.grouping --json [--quick]`` the grouping of cases. The last line of the
output is JSON. A goal that is missed is printed as it is.
"""
