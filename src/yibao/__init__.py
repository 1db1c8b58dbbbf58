"""Yibao (医保): a platform that runs a city's public medical insurance.

The house has five floors, and imports run downwards only: ``doors`` (how the world comes in),
``offices`` (departments of the bureau and their use cases), ``storage`` (files and databases),
``engines`` (pure decisions), ``base`` (money, rates, dates, errors). ARCHITECTURE.md draws it.

Holds: engines decide purely, an office acts once, the books are sealed after. No number of any
law stands in this package's Python; all of them are dated, cited data under ``policies/``.
"""

__version__ = "0.1.0"
