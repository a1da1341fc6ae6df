/** Filters that need earlier lines, and lines for them: every tag of Fail2Ban that has to do with connections. */
import type { JailSketch } from "../../support/jail.ts";

/** Lines of "CONN: TEXT", of which CONN is the connection. */
export const CONNECTIONS: JailSketch = {
  prefregex: "^<F-MLFID>c\\d+: </F-MLFID><F-CONTENT>.+</F-CONTENT>$",
  failregex: [
    "^failed <F-USER>\\S+</F-USER> from <HOST>$",
    "^failed from <HOST>$",
    "^failed(?: as <F-USER>\\S+</F-USER>)?$",
    "^<F-NOFAIL>hello</F-NOFAIL>(?: <F-USER>\\S+</F-USER>)? from <HOST>$",
    "^<F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET></F-NOFAIL>(?: from <HOST>)?$",
    "^<F-MLFFORGET>gone</F-MLFFORGET>(?: from <HOST>)?$",
    "^<F-MLFGAINED>ok</F-MLFGAINED>(?: <F-USER>\\S+</F-USER>)? from <HOST>$",
    "^<F-MLFFORGET><F-MLFGAINED>in</F-MLFGAINED></F-MLFFORGET> <F-USER>\\S+</F-USER> from <HOST>$",
    "^note <F-ALT_USER>\\S+</F-ALT_USER>$",
  ],
  ignoreregex: ["as nobody$"],
  datepattern: ["{NONE}"],
  usedns: "no",
};

export const CONNECTION_TEXTS: readonly string[] = [
  "failed root from 192.0.2.1",
  "failed eve from 192.0.2.1",
  "failed from 192.0.2.2",
  "failed",
  "failed as root",
  "failed as eve",
  "failed as nobody",
  "hello from 192.0.2.1",
  "hello root from 192.0.2.1",
  "hello from 192.0.2.3",
  "bye",
  "bye from 192.0.2.1",
  "gone",
  "gone from 192.0.2.1",
  "ok root from 192.0.2.1",
  "ok from 192.0.2.1",
  "in root from 192.0.2.1",
  "in eve from 192.0.2.1",
  "note root",
  "note eve",
  "of no concern",
];

/** A failure told on one line and its address on another, with lines of others between. */
export const SPANNING: JailSketch = {
  maxlines: 4,
  failregex: [
    "^begin (?P<key>\\w)<SKIPLINES>end (?P=key) <HOST>$",
    "^two\\nlines <HOST>$",
    "^alone <HOST>$",
    "^a.*\\n<SKIPLINES>b$\\n^c <HOST>",
  ],
  ignoreregex: ["^quiet"],
  datepattern: ["{NONE}"],
  usedns: "no",
};

export const SPANNING_TEXTS: readonly string[] = [
  "begin x",
  "begin y",
  "end x 192.0.2.1",
  "end y 192.0.2.2",
  "two",
  "lines 192.0.2.3",
  "alone 192.0.2.4",
  "quiet",
  "a",
  "b",
  "c 192.0.2.5",
  "",
  "other",
];

/** Connections over several lines, after a prefregex that narrows all of them. */
export const SPANNING_CONNECTIONS: JailSketch = {
  maxlines: 3,
  failregex: [
    "^<F-MLFID>c\\d+: </F-MLFID>failed$<SKIPLINES>^why$",
    "^<F-MLFID>c\\d+: </F-MLFID><F-NOFAIL>hello</F-NOFAIL> from <HOST>$",
    "^<F-MLFID>c\\d+: </F-MLFID><F-MLFFORGET>bye</F-MLFFORGET>$",
  ],
  ignoreregex: [],
  datepattern: ["{NONE}"],
  usedns: "no",
};

export const NARROWED_LINES: JailSketch = {
  maxlines: 3,
  prefregex: "^(?:.*\\n)*?x <F-CONTENT>.+</F-CONTENT>$",
  failregex: ["^one$\\n^two <HOST>$", "^alone <HOST>$"],
  ignoreregex: ["192\\.0\\.2\\.9"],
  datepattern: ["{NONE}"],
  usedns: "no",
};

export const NARROWED_TEXTS: readonly string[] = [
  "x one",
  "x two 192.0.2.1",
  "x alone 192.0.2.2",
  "x alone 192.0.2.9",
  "y",
  "one",
];
