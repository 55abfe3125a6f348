"""The garbage collector of a process that serves: it looks seldom, and never at what was loaded before.

A callback makes no cycles: what it leaves is freed at once, by counting references. What a collector could find are
closed connections and exceptions. Its own looking is dear, ten milliseconds and more in which nobody is answered: it
goes through all that is at work, a hundred objects for each callback. So it should not look because many came at once.
"""

import gc

#: New objects between two looks at the newest; looks at these for one at the older; looks at those for one at all.
SELDOM = (100_000, 4, 10)


def settle() -> None:
    """To be called once, when everything is loaded and nothing is served yet."""
    gc.freeze()
    gc.set_threshold(*SELDOM)
