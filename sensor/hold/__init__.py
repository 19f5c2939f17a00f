"""What the sieve passes is held back here until it is clear that the river needs it: see `hold`."""
