"""Fail2Ban's own reader and filter as judge: which of our filters match a line, and whom do they name?

One JSON object a line on standard input, {"line": text}; one on standard output, {filter: address}, for the filters
that found a failure. The first argument is the configuration folder, the others are filters to load.
"""

import json
import logging
import sys

from fail2ban.client.filterreader import FilterReader
from fail2ban.server.filter import Filter

logging.disable(logging.CRITICAL)


def load(config, name):
    reader = FilterReader(name, name, {}, basedir=config)
    if not reader.read():
        raise SystemExit("cannot read filter %s" % name)
    reader.getOptions({})
    judge = Filter(None, useDns="no")
    judge.checkFindTime = False
    for command in reader.convert():
        multi, (option, value) = command[0] == "multi-set", command[2:4]
        if option == "prefregex":
            judge.prefRegex = value
        elif option == "datepattern":
            judge.setDatePattern(value)
        elif option in ("addfailregex", "addignoreregex"):
            add = judge.addFailRegex if option == "addfailregex" else judge.addIgnoreRegex
            for regex in value if multi else [value]:
                add(regex)
    return judge


def main():
    config, names = sys.argv[1], sys.argv[2:]
    judges = {name: load(config, name) for name in names}
    for request in sys.stdin:
        line = json.loads(request)["line"].rstrip("\r\n")
        found = {}
        for name, judge in judges.items():
            for _, address, date, _ in judge.processLine(line):
                found[name] = {"address": str(address), "at": None if date is None else int(date * 1000)}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


main()
