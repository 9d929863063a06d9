"""Every interleaving of a few threads: programs as generators, engines, schedules, outcomes."""
