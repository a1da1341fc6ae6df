"""Prints {"filter": [["datepattern line", …], …], …}: the datepatterns of the installed filters, as Fail2Ban's reader resolves them."""
import configparser
import glob
import json
import logging
import os

from fail2ban.client.filterreader import FilterReader

CONFIG = "/etc/fail2ban"


def datepattern(name, logtype):
    reader = FilterReader(name, "test", {"logtype": logtype}, basedir=CONFIG)
    reader.read()
    reader.getOptions(None)
    return reader.getCombined().get("datepattern") or ""


logging.disable()
found = {}
for path in sorted(glob.glob(os.path.join(CONFIG, "filter.d", "*.conf"))):
    name = os.path.splitext(os.path.basename(path))[0]
    for logtype in ("file", "short", "rfc5424"):
        try:
            lines = [line.strip() for line in datepattern(name, logtype).split("\n") if line.strip()]
        except (configparser.Error, TypeError, AttributeError):
            # A file that others include, no filter by itself.
            continue
        if lines not in found.setdefault(name, []):
            found[name].append(lines)
print(json.dumps(found))
