"""What a process in the sandbox does to itself before it touches code of others."""
import os
import sys

try:
    import resource
except ImportError:
    # Pyodide has no limits of its own; its process has them from outside.
    resource = None


def confine(settings):
    os.closerange(CHANNEL + 1, 4096)
    for name, value in settings["rlimits"].items() if resource else ():
        limit = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(limit, (value, value))
    if resource:
        os.nice(settings["nice"])
    # The folder that a script's imports come from is the candidate's own, empty one: nothing is imported from there.
    sys.path[:] = [folder for folder in sys.path if folder] + settings["path"]


def seed_random(*sources):
    """Only code that names it pays for its import."""
    if any("random" in source for source in sources):
        import random

        random.seed(0)
