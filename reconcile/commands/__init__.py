"""What each command does. `reconcile.cli` puts them together; each module imports the heavy parts only when it runs."""
