"""Rules: what is watched, who may ask for it, and what it is worth."""
