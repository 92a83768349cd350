"""Redis and workers as processes of this machine."""
