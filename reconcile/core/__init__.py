"""The rules, pure: no I/O, no clock, no logging. Everything here is a function of what it is given."""
