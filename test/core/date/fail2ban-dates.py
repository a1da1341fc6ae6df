"""Answers what the installed Fail2Ban finds in lines: a new DateDetector for each line, so that no line sees another.

Reads {"cases": [{patterns, line, now, timezone, machineZone, asItIs}]}, prints {"answers": [...]} where an answer is
[index, start, end, seconds]: the template's index in its list (-1 = no date), the span of group 1 in code points, the
time (null if it cannot be read). A new detector gives way to its very last template wherever that matches; unless "asItIs"
asks for this, one more template stands at the end, which never matches.
"""
import json
import os
import sys
import time

from fail2ban.server.datedetector import DateDetector
from fail2ban.server.datetemplate import DateTemplate
from fail2ban.server.mytime import MyTime


class Nothing(DateTemplate):
    """Never matches."""

    def __init__(self):
        super().__init__()
        self.name = "nothing"

    def matchDate(self, line, *args):
        return None


def new_detector(case):
    made = DateDetector()
    for pattern in case["patterns"]:
        made.appendTemplate(pattern)
    if not made.templates:
        made.addDefaultTemplate()
    if case.get("timezone") is not None:
        made.default_tz = case["timezone"]
    if not case.get("asItIs"):
        made._appendTemplate(Nothing())
    return made


def found_in(case):
    made = new_detector(case)
    order = [entry.template for entry in made.templates]
    match, template = made.matchTime(case["line"])
    if match is None:
        return [-1, -1, -1, None]
    start, end = match.start(1), match.end(1)
    try:
        date = made.getTime(case["line"][start:end], (match, template))
    except (KeyError, TypeError, AttributeError, OverflowError):
        # What Fail2Ban does not catch here costs it the line.
        date = None
    index = next(i for i, entry in enumerate(order) if entry is template)
    return [index, start, end, None if date is None else float(date[0])]


def answer(case):
    zone = case.get("machineZone") or "UTC"
    if os.environ.get("TZ") != zone:
        os.environ["TZ"] = zone
        time.tzset()
    MyTime.setTime(case["now"] / 1000)
    try:
        return found_in(case)
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


json.dump({"answers": [answer(case) for case in json.load(sys.stdin)["cases"]]}, sys.stdout)
