"""The next generation of the admin API (REST, X-Api-Key): list, look-up, pull, update. The engine sees `panel.port` only."""
