"""What all tests share: how hard Hypothesis searches.

`quick` draws the same examples every time, so that a change fails for its own sake; `long`
(`make test-long`) searches anew each time, and deeper.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick",
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", parent=settings.get_profile("quick"), derandomize=False, max_examples=2_000
)
settings.load_profile("quick")
