"""Every function the queue may call: one id in, one verb called. Their names are stored with queued tasks."""

from csat.timeline import dispatching


def fan_out() -> int:
    return dispatching.fan_out()
