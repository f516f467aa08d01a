"""What a release says of itself, and how it says it: shared by ``release`` and ``audit``."""
