/*
 * Prometheus' text format, for a text file of the agent:
 *
 *   # HELP plimsoll_image_warm_images Images of a rule on a host, by whether they are there.
 *   # TYPE plimsoll_image_warm_images gauge
 *   plimsoll_image_warm_images{rule="base",host="h1",state="present"} 2
 */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export type Gauge = readonly [name: string, help: string, samples: readonly Sample[]];

export function renderGauges(prefix: string, gauges: readonly Gauge[]): string {
  return gauges
    .flatMap(([name, help, samples]) => [
      `# HELP ${prefix}${name} ${help}`,
      `# TYPE ${prefix}${name} gauge`,
      ...samples.map((sample) => `${prefix}${name}${renderSample(sample)}`),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

function renderSample([labels, value]: Sample): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${withEscapes(text)}"`);
  const number = value === Number.POSITIVE_INFINITY ? "+Inf" : value;
  return `${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number}`;
}

function withEscapes(text: string): string {
  return text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}

/** Since a moment by a wall clock, which may be set; infinitely long since 0, which is never. */
export function lagSeconds(sinceMs: number, nowMs: number): number {
  return sinceMs === 0 ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - sinceMs) / 1000;
}
