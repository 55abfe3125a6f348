"""Moments in every spelling, read and written in pairs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jiter import LosslessFloat

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import scalar_text
from gateway.wire.times import Time

NOON = datetime(2025, 3, 9, 12, 30, 45, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (Time(), "2025-03-09T12:30:45Z"),
        (Time(zone="+08:00"), "2025-03-09T20:30:45+08:00"),
        (Time("unix_s"), 1741523445),
        (Time("unix_ms"), 1741523445000),
        (Time("dd-MM-yyyy HH:mm:ss"), "09-03-2025 12:30:45"),
        (Time("dd-MM-yyyy HH:mm:ss", "-04:00"), "09-03-2025 08:30:45"),
        (Time("dd-MM-yyyy HH:mm:ss", "Asia/Tokyo"), "09-03-2025 21:30:45"),
        (Time("yyyyMMddHHmmssSSS"), "20250309123045000"),
        (Time("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"), "2025-03-09T12:30:45.000Z"),
    ],
)
def test_spelling(time: Time, text: str | int) -> None:
    """One moment, its spelling in a form, and back; a number may also come as its digits."""
    assert time.write(NOON) == text
    assert time.read(text) == NOON
    assert time.read(text).tzinfo is UTC
    assert time.read(scalar_text(text)) == NOON


@given(MOMENTS)
@settings(derandomize=True, max_examples=300)
def test_round_trips(moment: datetime) -> None:
    """ISO keeps microseconds, milliseconds and seconds keep what they can carry; zones shift nothing."""
    second, milli = timedelta(seconds=1), timedelta(milliseconds=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for time in (Time(), Time(zone="+05:30"), Time(zone="Asia/Kathmandu")):
        assert time.read(time.write(moment)) == moment
    for time, unit in (
        (Time("unix_s"), second),
        (Time("unix_ms"), milli),
        (Time("yyyy/MM/dd HH.mm.ss", "-11:00"), second),
        (Time("dd MM yyyy HH mm ss SSS", "+13:45"), milli),
    ):
        assert time.read(time.write(moment)) == moment - (moment - epoch) % unit


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-09 12:30:45Z", NOON),
        ("2025-03-09T14:30:45+02:00", NOON),
        ("2025-03-09T14:30:45+0200", NOON),
        ("2025-03-09T09:00:45-03:30", NOON),
        ("2025-03-09T12:30:45", NOON),
        ("2025-03-09T12:30:45.5Z", NOON + timedelta(milliseconds=500)),
        ("2025-03-09T12:30:45.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_iso_reads(text: str, moment: datetime) -> None:
    """The spellings of ISO 8601 that are seen in the field."""
    assert Time().read(text) == moment


def test_iso_writes() -> None:
    """No more digits than the moment has: seconds, milliseconds, microseconds; any zone of ours in UTC."""
    assert Time().write(NOON + timedelta(milliseconds=5)) == "2025-03-09T12:30:45.005Z"
    assert Time().write(NOON + timedelta(microseconds=5)) == "2025-03-09T12:30:45.000005Z"
    assert Time().write(NOON.astimezone(timezone(timedelta(hours=2)))) == "2025-03-09T12:30:45Z"


def test_unix_fractions() -> None:
    """A fraction of a second is kept to the microsecond, without a float."""
    assert Time("unix_s").read(LosslessFloat(b"1741523445.25")) == NOON + timedelta(milliseconds=250)
    assert Time("unix_s").read("1741523445.123456789") == NOON + timedelta(microseconds=123456)
    assert Time("unix_ms").read(LosslessFloat(b"1741523445000.5")) == NOON + timedelta(microseconds=500)


def test_an_hour_that_comes_twice() -> None:
    """When a clock is set back, the first of the two is meant; summer time itself is honoured."""
    time = Time("dd-MM-yyyy HH:mm", "Europe/Berlin")
    assert time.read("26-10-2025 02:30") == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert time.read("26-07-2025 02:30") == datetime(2025, 7, 26, 0, 30, tzinfo=UTC)
    assert time.read("26-12-2025 02:30") == datetime(2025, 12, 26, 1, 30, tzinfo=UTC)


HOSTILE: list[object] = [
    "", " ", "now", None, True, False, [], {}, -1, "-1", 10**15, 10**400, "1e9", "9" * 5000, 1.5, "\u0661",
    LosslessFloat(b"1e9"), LosslessFloat(b"1e999999999"), LosslessFloat(b"-1.0"), "01741523445", "+1", " 1741523445",
    "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-10T00:00:00Z", "2025-01-32T00:00:00Z",
    "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
    "2025-01-01T00:00:00+99:00", "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00z", "2025-1-1T00:00:00Z",
    "2025-01-01T00:00:00Z ", "2025-01-01T00:00:00Z\n", "2025-01-01", "20250101T000000Z", "2025-W01-1T00:00:00Z",
    "\u0662\u0660\u0662\u0665-01-01T00:00:00Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00." + "1" * 5000 + "Z",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "time", [Time(), Time(zone="America/New_York"), Time("unix_s"), Time("unix_ms"), Time("yyyy-MM-dd HH:mm:ss")]
)
def test_absurd_times_are_refused(time: Time, value: object) -> None:
    """request_invalid, never an OverflowError, and the value is not quoted."""
    with pytest.raises(Fault) as caught:
        time.read(value)
    assert caught.value.outcome is Outcome.REQUEST_INVALID
    assert "2025" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "9-3-2025 12:30:45", "09-03-2025 12:30", "31-02-2025 00:00:00", "09-03-2025 12:30:45 ", "09x03x2025 12:30:45",
        "01-01-0001 00:00:00", "31-12-9999 23:59:59", 9032025,
    ],
)  # fmt: skip
def test_a_pattern_is_strict(value: object) -> None:
    """Every field has its digits, every literal its place, every day its month."""
    with pytest.raises(Fault):
        Time("dd-MM-yyyy HH:mm:ss", "-12:00").read(value)


@pytest.mark.parametrize(
    "form", ["", "isoo", "dd-MM", "HH:mm:ss", "yyyy-MM-dd yyyy", "yyy-MM-dd", "yyyy-MM-ddT", "yyyy-MM-dd'"]
)
def test_no_pattern(form: str) -> None:
    """A pattern without a whole date, with a field twice, or with letters that are no field does not compile."""
    with pytest.raises(ValueError, match="pattern"):
        Time(form)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "+25:00", "+1", "GMT+1x"])
def test_no_zone(zone: str) -> None:
    """A zone nobody knows does not compile."""
    with pytest.raises(ValueError, match="zone"):
        Time("iso", zone)


def test_a_naive_moment_is_not_written() -> None:
    """Without a zone it would be read by the machine's own."""
    with pytest.raises(ValueError, match="zone"):
        Time().write(datetime(2025, 1, 1))
