/** Figures as people read them. A dash is what is not known. */

export const UNKNOWN = "–";

export function renderPercent(ratio: number | null): string {
  if (ratio === null) return UNKNOWN;
  const percent = ratio * 100;
  if (percent === 0) return "0 %";
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

export function renderBytes(bytes: number | null): string {
  if (bytes === null) return UNKNOWN;
  let [value, unit] = [bytes, 0];
  for (; Math.abs(value) >= 1000 && unit < BYTES.length - 1; unit++) value /= 1024;
  return `${digits(value)} ${BYTES[unit]}`;
}

export function renderRate(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? UNKNOWN : `${renderBytes(bytesPerSecond)}/s`;
}

export function renderCpus(cpus: number | null): string {
  return cpus === null ? UNKNOWN : digits(cpus);
}

/** Three digits say enough: 1.25, 12.5, 125. */
function digits(value: number): string {
  const whole = Math.abs(value);
  if (whole === 0 || whole >= 99.95) return String(Math.round(value));
  return value.toFixed(whole < 9.995 ? 2 : 1).replace(/\.?0+$/, "");
}

/** By how much more: `+12 %`. */
export function renderChange(change: number | null): string {
  if (change === null) return UNKNOWN;
  const percent = Math.round(change * 100);
  return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${Math.abs(percent)} %`;
}

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

/** `12 s`, `5 min`, `3 h`, `12 d`. */
export function renderSpan(seconds: number): string {
  if (seconds < 100) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 100 * MINUTE) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 48 * HOUR) return `${Math.round(seconds / HOUR)} h`;
  return `${Math.round(seconds / DAY)} d`;
}

export function renderAgo(iso: string, nowMs: number): string {
  return `${renderSpan((nowMs - Date.parse(iso)) / 1000)} ago`;
}

const two = (value: number): string => String(value).padStart(2, "0");
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** `Tue 24 Nov 09:05`, by the reader's own clock. */
export function renderTime(ms: number): string {
  const at = new Date(ms);
  const month = at.toLocaleString("en", { month: "short" });
  return `${DAYS[at.getDay()]} ${at.getDate()} ${month} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A place on an axis: the day where marks are days apart, else the time. */
export function renderTick(seconds: number, apartSeconds: number): string {
  const at = new Date(seconds * 1000);
  if (apartSeconds < DAY) return `${two(at.getHours())}:${two(at.getMinutes())}`;
  return `${DAYS[at.getDay()]} ${at.getDate()}`;
}
