"""How it crosses: frames, repair symbols, pacing and links."""
