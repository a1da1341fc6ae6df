/**
 * Time zone words in log lines and in `logtimezone`: abbreviations with one fixed offset each, never daylight saving.
 *
 * An abbreviation is ambiguous by nature (CST is Chicago, Havana and Shanghai; IST is three countries). The meaning here
 * is the one that Fail2Ban gives it, and what Fail2Ban leaves out (IST, BST, AEDST …) means nothing here either: a wrong
 * guess would move failures by hours.
 */

/** "ABBR±H", "ABBR±H:MM"; regions only order the list. */
const REGIONS = {
  greenwich: "UTC+0 GMT+0 WET+0 WT+0 EGST+0",
  europe: "CET+1 WEDT+1 WEST+1 DFT+1 CEDT+2 CEST+2 EET+2 EEDT+3 EEST+3 MSK+3 MSD+4 SAMT+4 KUYT+4",
  africa: "WAT+1 CAT+2 SAST+2 WAST+2 EAT+3 CVT-1 MUT+4 RET+4 SCT+4",
  middleEast: "IDT+3 IRST+3:30 IRDT+4:30 GST+4 AMT+4 AMST+5 AZT+4 AZST+5 GET+4",
  russia:
    "YEKT+5 YEKST+6 OMST+6 OMSST+7 NOVT+6 NOVST+7 KRAT+7 KRAST+8 IRKT+8 IRKST+9 YAKT+9 YAKST+10 YAPT+10 VLAT+10 " +
    "VLAST+11 MAGT+11 MAGST+12 PETT+12 PETST+12 ANAT+12 ANAST+12",
  centralAsia: "AFT+4:30 AQTT+5 TJT+5 TMT+5 UZT+5 PKT+5 HMT+5 MAWT+5 TFT+5 MVT+5 ALMT+6 KGT+6 BTT+6 BIOT+6 IOT+6",
  southAsia: "SLT+5:30 NPT+5:45 CCT+6:30 MMT+6:30",
  eastAsia:
    "ICT+7 THA+7 WIB+7 HOVT+7 CXT+7 DAVT+7 BDT+8 BNT+8 HKT+8 MYT+8 PHT+8 SGT+8 ULAT+8 WITA+8 CAST+8 ACT+8 JST+9 KST+9 " +
    "WIT+9 TLT+9 PWT+9",
  australia: "AWST+8 WST+8 AWDT+9 WDT+9 ACST+9:30 ACDT+10:30 AEST+10 AEDT+11 LHST+10:30 LHDT+11 NFT+11:30",
  pacific:
    "ChST+10 PGT+10 NCT+11 PONT+11 SBT+11 VUT+11 FJT+12 FJST+13 GILT+12 MHT+12 NZST+12 NZDT+13 TVT+12 WFT+12 " +
    "MART-9:30 MIT-9:30 GAMT-9 GIT-9 CKT-10 TAHT-10 TKT-10 NUT-11 SST-11",
  northAmerica:
    "NST-3:30 NT-3:30 NDT-2:30 AST-4 ADT-3 EST-5 ET-5 EDT-4 CST-6 CDT-5 MST-7 MDT-6 PST-8 PT-8 PDT-7 AKST-9 AKDT-8 " +
    "HST-10 HAST-10 HADT-9 PMST-3 PMDT-2 WGT-3 WGST-2 EGT-1 AZOT-1 CIST-8",
  frenchCanada: "HNT-3:30 HAT-2:30 HNA-4 HAA-3 HNE-5 HAE-4 HNC-6 HAC-5 HNR-7 HAR-6 HNP-8 HAP-7 HNY-9 HAY-8",
  latinAmerica:
    "ART-3 BRT-3 BRST-2 FNT-2 BOT-4 CLT-4 CLST-3 COT-5 COST-4 ECT-5 PET-5 GALT-6 EAST-6 EASST-5 FKT-4 FKST-3 GFT-3 " +
    "GYT-4 PYT-4 PYST-3 SRT-3 UYT-3 UYST-2 HLV-4:30 VET-4:30",
};

const EAST_LETTERS = "ABCDEFGHIKLM";
const WEST_LETTERS = "NOPQRSTUVWXY";

/** Minutes east of Greenwich by abbreviation, the one-letter military ones included. */
export const ZONE_OFFSETS: ReadonlyMap<string, number> = new Map([
  ["Z", 0] as const,
  ...[...EAST_LETTERS].map((letter, index) => [letter, 60 * (index + 1)] as const),
  ...[...WEST_LETTERS].map((letter, index) => [letter, -60 * (index + 1)] as const),
  ...Object.values(REGIONS)
    .flatMap((region) => region.split(" "))
    .map((word) => {
      const sign = word.search(/[+-]/);
      return [word.slice(0, sign), signedMinutes(word.slice(sign))] as const;
    }),
]);

const ZONE = /^([A-Z](?:[A-Z]{2,4})?)?([+-][01]\d(?::?\d{2})?)?$/;

/**
 * Minutes east of Greenwich for "UTC", "CET", "+0200", "-03:30", "CET+01", ""; undefined for anything else. Upper case
 * only. An abbreviation and an offset add up, as they do in Fail2Ban: "CET+0100" is two hours east.
 */
export function zoneOffset(text: string): number | undefined {
  const found = ZONE.exec(text);
  if (found === null) return undefined;
  const base = found[1] === undefined ? 0 : ZONE_OFFSETS.get(found[1]);
  if (base === undefined) return undefined;
  return base + (found[2] === undefined ? 0 : signedMinutes(found[2]));
}

/** "+5", "-0330", "+05:45" in minutes. */
function signedMinutes(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(text)!;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
}
