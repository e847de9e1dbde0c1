"""How a submission runs: confined, with its tests in another process."""
