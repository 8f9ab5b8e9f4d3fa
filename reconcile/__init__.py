"""reconcile: keeps a social-media panel and its staff's shared sheet in step."""

__version__ = "0.1.0"

DISTRIBUTION = "panel-reconcile"
"""What it is installed by. The name `reconcile` on the package index is somebody else's."""
