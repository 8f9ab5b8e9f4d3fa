"""Date serials: days since 1899-12-30 in the spreadsheet's own time zone [doc DateTimeRenderOption]."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a serial has no zone of its own
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def serial(moment: datetime) -> float:
    """Return the serial of a naive local time."""
    delta = moment - EPOCH
    return delta.days + (delta.seconds + delta.microseconds / 1e6) / 86400


def moment(value: float) -> datetime:
    """Return the naive local time of a serial, to the millisecond; beyond the calendar it is cut off."""
    limited = min(max(value, -600_000.0), 2_900_000.0)
    return EPOCH + timedelta(milliseconds=round(limited * 86_400_000))


def now_serial(epoch_seconds: float, zone: str) -> float:
    """Return NOW() for a spreadsheet in that time zone; an unknown zone counts as UTC."""
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        info = ZoneInfo("UTC")
    local = datetime.fromtimestamp(epoch_seconds, UTC).astimezone(info).replace(tzinfo=None)
    return serial(local)


def month(name: str) -> int | None:
    """Return 1..12 for a month's name or its first three letters."""
    text = name.lower().rstrip(".")
    for index, full in enumerate(MONTHS, 1):
        if text in (full, full[:3]) or (text == "sept" and index == 9):
            return index
    return None
