"""A Google Sheets API v4 emulator for tests and practice: stateful, atomic, and held against Google's discovery document."""

from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault
from tests.emulator.staff import Staff

__all__ = ["Emulator", "Fault", "Staff"]
