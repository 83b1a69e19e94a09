"""Findings and their levels."""

from csat.diagnosis.findings import Area, Level, error, ok, warning, worst


def test_the_whole_is_as_bad_as_its_worst() -> None:
    good, odd, bad = ok(Area.DISK, "a"), warning(Area.DISK, "b", "c"), error(Area.DISK, "d", "e")
    assert worst([]) == worst([good]) == Level.OK
    assert worst([good, odd]) == Level.WARNING
    assert worst([bad, odd, good]) == Level.ERROR
