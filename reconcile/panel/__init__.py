"""The panel's admin API: the client, how its answers are read, and a practice panel to try everything on."""
