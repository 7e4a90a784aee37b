export const SPARK_WIDTH = 96;
export const SPARK_HEIGHT = 24;

export interface SparkColours {
  readonly line: string;
  readonly area: string;
}

/** Per cent over an hour on one scale for all: 0 to 100, so that lines can be compared. */
export function drawSparkline(
  canvas: HTMLCanvasElement,
  course: readonly (number | null)[],
  colours: SparkColours,
): void {
  const scale = Math.min(window.devicePixelRatio || 1, 3);
  canvas.width = SPARK_WIDTH * scale; // clears it, too
  canvas.height = SPARK_HEIGHT * scale;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(scale, scale);
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.strokeStyle = colours.line;
  context.fillStyle = colours.area;
  for (const run of runsOf(course)) drawRun(context, run, course.length);
}

type Spot = readonly [index: number, percent: number];

/** Who pushes each few minutes has a line all the same. */
const LONGEST_BRIDGE = 3;

/** A gap that means something stays one. */
function runsOf(course: readonly (number | null)[]): readonly (readonly Spot[])[] {
  const runs: Spot[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const [index, percent] of course.entries()) {
    if (percent === null) continue;
    if (index - last <= LONGEST_BRIDGE) runs.at(-1)?.push([index, percent]);
    else runs.push([[index, percent]]);
    last = index;
  }
  return runs;
}

function drawRun(context: CanvasRenderingContext2D, run: readonly Spot[], length: number): void {
  const x = (index: number): number => 1 + (index / Math.max(1, length - 1)) * (SPARK_WIDTH - 2);
  const y = (percent: number): number => SPARK_HEIGHT - 1.5 - (percent / 100) * (SPARK_HEIGHT - 3);
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return;
  context.beginPath();
  for (const [index, percent] of run) context.lineTo(x(index), y(percent));
  // One figure alone is a dot.
  if (run.length === 1) context.lineTo(x(first[0]) + 1, y(first[1]));
  context.stroke();
  context.lineTo(x(last[0]), SPARK_HEIGHT);
  context.lineTo(x(first[0]), SPARK_HEIGHT);
  context.fill();
}
