"""Time conversions: timestamps in UTC, days in Europe/Berlin."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


def midnight(day: date) -> datetime:
    """Return the start of a Berlin day, in UTC."""
    return at(day, time.min)


def at(day: date, clock: time) -> datetime:
    """Return a Berlin local time of a day, in UTC."""
    return datetime.combine(day, clock, BERLIN).astimezone(UTC)


def berlin_day(moment: datetime) -> date:
    """Return the Berlin day of a moment."""
    return moment.astimezone(BERLIN).date()


def quarters(day: date) -> list[datetime]:
    """Return the starts of a Berlin day's quarter-hours: 92, 96 or 100 of them."""
    begin, end = midnight(day), midnight(day + DAY)
    return [begin + number * QUARTER for number in range((end - begin) // QUARTER)]


def days(start: date, end: date) -> list[date]:
    """Return the days from start to end, without the end."""
    return [start + number * DAY for number in range((end - start).days)]


def iso(moment: datetime) -> str:
    """Format a timestamp in milliseconds, as the API shows most of them."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def iso_seconds(moment: datetime) -> str:
    """Format a timestamp in seconds, as the API shows appointments."""
    text = moment.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def parse(text: str) -> datetime | None:
    """Parse a timestamp, in UTC if it has no offset; return None if it is invalid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
