import type { OverviewMachine } from "./api.ts";
import { element, setText } from "./dom.ts";
import { renderAgo, renderPercent, renderRate, UNKNOWN } from "./format.ts";
import { drawSparkline, SPARK_HEIGHT, SPARK_WIDTH, type SparkColours } from "./sparkline.ts";

/** Of list.css: rows are placed by arithmetic. */
export const ROW_HEIGHT = 40;

/** One element of the list; it shows one machine after the other while the list is scrolled. */
export class ListRow {
  readonly root: HTMLAnchorElement = element("a", { class: "row", role: "row" });
  index = -1;
  readonly #cells: Readonly<Record<string, HTMLElement>>;
  readonly #sparks: Readonly<Record<"cpu" | "memory", HTMLCanvasElement>>;
  readonly #meter: HTMLElement = element("i");
  #drawn: readonly unknown[] = [];

  constructor() {
    const cell = (name: string): HTMLElement => element("span", { class: name, role: "cell" });
    const names = ["state", "ip", "name", "host", "cpu", "memory", "disk", "network", "seen"];
    this.#cells = Object.fromEntries(names.map((name) => [name, cell(name)]));
    this.#sparks = { cpu: this.#spark("cpu"), memory: this.#spark("memory") };
    this.#cells.disk?.append(element("b"), element("span", { class: "meter" }, this.#meter));
    this.root.append(...Object.values(this.#cells));
  }

  show(machine: OverviewMachine, index: number, nowMs: number, colours: SparkColours): void {
    const { ip, state, cpu, memory, disk } = machine;
    this.index = index;
    this.root.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    this.root.setAttribute("href", `/machines/${encodeURIComponent(ip)}`);
    this.root.setAttribute("aria-rowindex", String(index + 2));
    this.root.dataset.state = state;
    this.#say("state", state);
    this.#say("ip", ip);
    this.#say("name", machine.name ?? UNKNOWN);
    this.#say("host", machine.host ?? UNKNOWN);
    this.#figure("cpu", renderPercent(cpu), cpu);
    this.#figure("memory", renderPercent(memory), memory);
    this.#figure("disk", renderPercent(disk), disk);
    this.#meter.style.width = `${Math.min(1, disk ?? 0) * 100}%`;
    this.#say("network", renderRate(machine.networkBytesPerSecond));
    this.#say("seen", renderAgo(machine.lastSeen, nowMs));
    this.#draw(machine, colours);
  }

  #say(name: string, text: string): void {
    const cell = this.#cells[name];
    if (cell !== undefined) setText(cell, text);
  }

  #figure(name: string, text: string, ratio: number | null): void {
    const cell = this.#cells[name];
    const figure = cell?.querySelector("b");
    if (cell === undefined || figure === null || figure === undefined) return;
    setText(figure, text);
    cell.dataset.level = levelOf(ratio);
  }

  #draw(machine: OverviewMachine, colours: SparkColours): void {
    const drawn = [machine.cpuCourse, machine.memoryCourse, colours];
    if (drawn.every((one, i) => one === this.#drawn[i])) return;
    this.#drawn = drawn;
    drawSparkline(this.#sparks.cpu, machine.cpuCourse, colours);
    drawSparkline(this.#sparks.memory, machine.memoryCourse, colours);
  }

  #spark(name: "cpu" | "memory"): HTMLCanvasElement {
    const canvas = element("canvas", { attributes: { "aria-hidden": "true" } });
    canvas.width = SPARK_WIDTH;
    canvas.height = SPARK_HEIGHT;
    this.#cells[name]?.append(element("b"), canvas);
    return canvas;
  }
}

function levelOf(ratio: number | null): string {
  if (ratio === null) return "unknown";
  if (ratio >= 0.95) return "full";
  return ratio >= 0.85 ? "high" : "usual";
}
