/** One line for each of the 31 default templates, with what is cut out and the instant it means, seen from NOW in UTC. */

/** 22 November 2026, 17:30:12 UTC. */
export const NOW = Date.UTC(2026, 10, 22, 17, 30, 12);

export interface Example {
  /** The template's place in the order of trying. */
  readonly index: number;
  readonly line: string;
  readonly cut: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    index: 0,
    line: "2026-11-14T22:45:11.608+01:00 lb1 haproxy[760]: up",
    cut: "2026-11-14T22:45:11.608+01:00",
    at: "2026-11-14T21:45:11Z",
  },
  { index: 1, line: "<Nov 14 22:45:11 lb1 haproxy[760]: up", cut: "Nov 14 22:45:11", at: "2026-11-14T22:45:11Z" },
  {
    index: 2,
    line: "Sat Nov 14 2026 22:45:11.608 up",
    cut: "Sat Nov 14 2026 22:45:11.608",
    at: "2026-11-14T22:45:11Z",
  },
  { index: 3, line: "[14/11/26  9:45:11] up", cut: "14/11/26  9:45:11", at: "2026-11-14T09:45:11Z" },
  { index: 4, line: "[14/Nov/2026:22:45:11 -0330] up", cut: "14/Nov/2026:22:45:11 -0330", at: "2026-11-15T02:15:11Z" },
  { index: 5, line: "11/14/2026:22:45:11 up", cut: "11/14/2026:22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 6, line: "11-14-2026 22:45:11.608 up", cut: "11-14-2026 22:45:11.608", at: "2026-11-14T22:45:11Z" },
  { index: 7, line: "[1794696311.608] up", cut: "1794696311.608", at: "2026-11-14T22:45:11.608Z" },
  { index: 8, line: "261114 22:45:11 up", cut: "261114 22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 9, line: "Nov 14, 2026 12:45:11 AM up", cut: "Nov 14, 2026 12:45:11 AM", at: "2026-11-14T00:45:11Z" },
  { index: 10, line: "20261114T224511Z up", cut: "20261114T224511Z", at: "2026-11-14T22:45:11Z" },
  { index: 11, line: "PDT Nov 14 22:45:11 up", cut: "PDT Nov 14 22:45:11", at: "2026-11-15T05:45:11Z" },
  { index: 12, line: "+01:00 Nov 14 22:45:11 up", cut: "+01:00 Nov 14 22:45:11", at: "2026-11-14T21:45:11Z" },
  { index: 13, line: "@400000006af914b724434000 up", cut: "@400000006af914b724434000", at: "2026-11-15T02:11:03Z" },
  { index: 14, line: "lb1: 2026/11/14 22:45:11 up", cut: "2026/11/14 22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 15, line: "<134>Nov 14 22:45:11 lb1 haproxy[760]: up", cut: "Nov 14 22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 16, line: "<134>Nov 14 2026 22:45:11 up", cut: "Nov 14 2026 22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 17, line: "lb1: 14-11-2026 22:45:11 up", cut: "14-11-2026 22:45:11", at: "2026-11-14T22:45:11Z" },
  {
    index: 18,
    line: "haproxy[760]: 192.0.2.3:58430 [14/Nov/2026:22:45:11.608] http_fe http_fe/<NOSRV> up",
    cut: "14/Nov/2026:22:45:11.608",
    at: "2026-11-14T22:45:11Z",
  },
  { index: 19, line: "lb1: 11/14/2026:22:45:11 up", cut: "11/14/2026:22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 20, line: "lb1: 11-14-2026 22:45:11 up", cut: "11-14-2026 22:45:11", at: "2026-11-14T22:45:11Z" },
  {
    index: 21,
    line: "type=AVC msg=audit(1794696311.608:42): up",
    cut: "1794696311.608",
    at: "2026-11-14T22:45:11.608Z",
  },
  { index: 22, line: "22:45:11 up", cut: "22:45:11", at: "2026-11-21T22:45:11Z" },
  { index: 23, line: "<11/14/26@22:45:11> up", cut: "<11/14/26@22:45:11>", at: "2026-11-14T22:45:11Z" },
  { index: 24, line: "lb1: 261114 22:45:11 up", cut: "261114 22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 25, line: "lb1: Nov 14, 2026 10:45:11 pm up", cut: "Nov 14, 2026 10:45:11 pm", at: "2026-11-14T22:45:11Z" },
  { index: 26, line: "Nov-14-26 22:45:11 up", cut: "Nov-14-26 22:45:11", at: "2026-11-14T22:45:11Z" },
  { index: 27, line: "lb1: 20261114 224511,608 up", cut: "20261114 224511,608", at: "2026-11-14T22:45:11Z" },
  { index: 28, line: "[lb1] CET Nov 14 22:45:11 up", cut: "CET Nov 14 22:45:11", at: "2026-11-14T21:45:11Z" },
  { index: 29, line: "lb1: +0100 Dec 14 22:45:11 up", cut: "+0100 Dec 14 22:45:11", at: "2025-12-14T21:45:11Z" },
  {
    index: 30,
    line: "lb1: @400000006af914b724434000 up",
    cut: "@400000006af914b724434000",
    at: "2026-11-15T02:11:03Z",
  },
];
