"""A profile for runs that are repeated: random examples are the same every time, and are not made smaller."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "quiet",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
