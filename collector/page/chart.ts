import uPlot from "uplot";
import type { Aligned } from "./aligned.ts";
import { renderBytes, renderPercent, renderRate, renderTick, renderTime } from "./format.ts";
import { colour } from "./theme.ts";

/** Something at a moment: a container that became the machine, or an event. */
export interface Mark {
  readonly atMs: number;
  readonly kind: "generation" | "event";
}

export interface ChartOptions {
  readonly unit: "ratio" | "bytes per second";
  readonly data: Aligned;
  readonly marks: readonly Mark[];
  readonly width: number;
  /** What the lines are at the reader's cursor; undefined when there is none. */
  readonly onCursor: (text: string | undefined) => void;
}

/** Of machine.css: the place is kept before there is anything to draw. */
const HEIGHT = 190;
/** Between marks of an axis of bytes: whole KiB, MiB and GiB look like themselves. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);
const SYNC = "machine";

/** Now, drawn over then, with what happened in between. */
export function openChart(place: HTMLElement, options: ChartOptions): uPlot {
  const { unit, data, marks, width, onCursor } = options;
  const isRatio = unit === "ratio";
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  const font = "11px system-ui, sans-serif";
  return new uPlot(
    {
      ...{ width, height: HEIGHT, legend: { show: false }, padding: [8, 8, 0, 0] },
      cursor: { sync: { key: SYNC }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
      scales: {
        x: { time: true },
        y: {
          range: (_, __, max) => [
            0,
            isRatio ? Math.max(0.1, Math.min(1, max * 1.15)) : Math.max(max, 1) * 1.1,
          ],
        },
      },
      axes: [
        {
          ...axis,
          font,
          size: 28,
          grid: { show: false },
          values: (_, ticks, __, ___, apart) => ticks.map((at) => renderTick(at, apart)),
        },
        {
          ...axis,
          font,
          size: 64,
          ...(isRatio ? {} : { incrs: BYTE_STEPS }),
          values: (_, ticks) => ticks.map(isRatio ? renderPercent : renderAxisBytes),
        },
      ],
      series: [
        {},
        { stroke: colour("accent"), width: 1.75, fill: colour("accent-faint"), points: { show: false } },
        { stroke: colour("before"), width: 1.5, dash: [4, 3], points: { show: false } },
      ],
      hooks: {
        draw: [(chart) => drawMarks(chart, marks)],
        setCursor: [(chart) => onCursor(readout(chart, isRatio))],
      },
    },
    data as unknown as uPlot.AlignedData,
    place,
  );
}

/** Whole units only, there is no room for more. */
function renderAxisBytes(bytes: number): string {
  return `${renderBytes(bytes)}/s`;
}

function readout(chart: uPlot, isRatio: boolean): string | undefined {
  const index = chart.cursor.idx;
  if (index === null || index === undefined) return undefined;
  const render = isRatio ? renderPercent : renderRate;
  const [seconds, now, before] = [0, 1, 2].map((line) => chart.data[line]?.[index] ?? null);
  return `${renderTime((seconds ?? 0) * 1000)} · now ${render(now ?? null)} · then ${render(before ?? null)}`;
}

function drawMarks(chart: uPlot, marks: readonly Mark[]): void {
  const { ctx: context, bbox } = chart;
  const scale = window.devicePixelRatio || 1;
  context.save();
  context.lineWidth = scale;
  for (const { atMs, kind } of marks) {
    const x = Math.round(chart.valToPos(atMs / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    context.strokeStyle = context.fillStyle = colour(kind === "generation" ? "mark" : "event");
    context.beginPath();
    if (kind === "generation") {
      context.setLineDash([2 * scale, 2 * scale]);
      context.moveTo(x, bbox.top);
      context.lineTo(x, bbox.top + bbox.height);
      context.stroke();
    }
    context.beginPath();
    context.moveTo(x - 4 * scale, bbox.top);
    context.lineTo(x + 4 * scale, bbox.top);
    context.lineTo(x, bbox.top + 6 * scale);
    context.fill();
  }
  context.restore();
}
