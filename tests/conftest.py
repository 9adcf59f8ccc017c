"""The random examples of a test are the same in every run, so that what passed once passes where it lands.

With ``SYMCOST_EXAMPLES=50`` in the environment there are 50 times as many, and others each time.
"""

import os

from hypothesis import settings

settings.register_profile("symcost", derandomize="SYMCOST_EXAMPLES" not in os.environ, deadline=None)
settings.load_profile("symcost")
