"""The servers and the town of the integration tests."""

from tests.integration.conftest import cluster, home_for_servers
from tests.integration.treasury.conftest import town, town_template

__all__ = ["cluster", "home_for_servers", "town", "town_template"]
