"""The version of the benefit semantics, written into every determination.

Every engine that gives the same answers carries the same version. It changes when an answer changes
for the same policy, claim and balances, and not otherwise.
"""

ENGINE_VERSION = "1"
