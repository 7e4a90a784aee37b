/** How many bytes a second may pass, by the hour of the day. */
export type Rate = (nowMs: number) => number;

/** Some hours of each day, by the host's own time, and what may pass in them. */
export interface RateHours {
  /** Minutes since midnight. The end may be before the beginning: it is the next day's then. */
  readonly fromMinutes: number;
  readonly toMinutes: number;
  readonly bytesPerSecond: number;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9 };
const DAY_MINUTES = 24 * 60;

/** `500K`, `20M`; undefined for anything else. */
export function parseBytesPerSecond(text: string): number | undefined {
  const [, digits, unit = ""] = /^([1-9]\d*)([KMG]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? 1);
}

/** `22:00-06:00 100M`; undefined for anything else. */
export function parseRateHours(text: string): RateHours | undefined {
  const [, from = "", to = "", rate = ""] = /^(\d\d:\d\d)-(\d\d:\d\d) (\S+)$/.exec(text) ?? [];
  const [fromMinutes, toMinutes, bytesPerSecond] = [
    parseMinutes(from),
    parseMinutes(to),
    parseBytesPerSecond(rate),
  ];
  if (fromMinutes === undefined || toMinutes === undefined || bytesPerSecond === undefined) return undefined;
  return { fromMinutes, toMinutes, bytesPerSecond };
}

/** The first hours that fit count; `otherwise` at all other times. */
export function rateOf(otherwise: number, hours: readonly RateHours[]): Rate {
  return (nowMs) => {
    const now = new Date(nowMs);
    const minutes = now.getHours() * 60 + now.getMinutes();
    const fits = ({ fromMinutes: from, toMinutes: to }: RateHours): boolean =>
      from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
    return hours.find(fits)?.bytesPerSecond ?? otherwise;
  };
}

function parseMinutes(text: string): number | undefined {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  const all = hours * 60 + minutes;
  return text !== "" && minutes < 60 && all < DAY_MINUTES ? all : undefined;
}
