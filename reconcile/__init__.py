"""reconcile: keeps a social-media panel and its staff's shared sheet in step."""

__version__ = "0.1.0"
