import { alignCourses } from "./aligned.ts";
import type { ComparedMeasure, MachineAbout, MachineEvent } from "./api.ts";
import { type Mark, openChart } from "./chart.ts";
import { choice, element, setText } from "./dom.ts";
import { renderChange, renderPercent, renderRate } from "./format.ts";
import { facts, happenings, marksOf } from "./machine-about.ts";
import { onTheme } from "./theme.ts";
import { getJson, keepLooking, type View } from "./view.ts";

const LOOK_MS = 60_000;
const DAY_MS = 86_400_000;

const METRICS = [
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["disk", "Disk"],
  ["network", "Network"],
] as const;

/** Some three hundred points fill a chart. */
const RANGES = {
  "1d": { text: "day", days: 1, step: "5m" },
  "7d": { text: "week", days: 7, step: "30m" },
  "28d": { text: "4 weeks", days: 28, step: "2h" },
} as const;
type Span = keyof typeof RANGES;

/** One machine: this week over last week, across whatever containers it has been, and what happened to it. */
export class MachineView implements View {
  readonly title: string;
  readonly page = "machines";
  readonly #ip: string;
  readonly #notice: (problem: string) => void;
  readonly #about: HTMLElement = element("section", { class: "about" });
  readonly #tools: HTMLElement = element("div", { class: "tools" });
  readonly #panels: ReadonlyMap<string, Panel> = new Map(
    METRICS.map(([name, text]) => [name, new Panel(text)]),
  );
  readonly #events: HTMLElement = element("section", { class: "events" });
  #range: Span = "7d";
  #back: Span = "7d";
  #end: () => void = () => {};

  constructor(ip: string, notice: (problem: string) => void) {
    this.#ip = ip;
    this.title = ip;
    this.#notice = notice;
  }

  open(place: HTMLElement): void {
    const query = new URLSearchParams(location.search);
    this.#range = spanOf(query.get("range"));
    this.#back = spanOf(query.get("with"));
    const charts = element(
      "section",
      { class: "charts" },
      ...[...this.#panels.values()].map(({ root }) => root),
    );
    place.append(element("h1", { text: this.#ip }), this.#about, this.#tools, charts, this.#events);
    this.#restart();
  }

  close(): void {
    this.#end();
    for (const panel of this.#panels.values()) panel.close();
  }

  #restart(): void {
    this.#end();
    this.#renderTools();
    this.#end = keepLooking(LOOK_MS, (signal) => this.#look(signal), this.#notice);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const machine = `/api/v1/machines/${encodeURIComponent(this.#ip)}`;
    const { days, step } = RANGES[this.#range];
    const [about, { events }] = await Promise.all([
      getJson<MachineAbout>(machine, signal),
      getJson<{ readonly events: readonly MachineEvent[] }>(`${machine}/events?from=90d&limit=500`, signal),
    ]);
    this.#about.replaceChildren(...facts(about, Date.now()));
    this.#events.replaceChildren(...happenings(about, events));
    const marks = marksOf(about, events);
    for (const [metric, panel] of this.#panels) {
      const query = new URLSearchParams({ metric, from: `${days}d`, step, with: this.#back });
      const compared = await getJson<ComparedMeasure>(`${machine}/compare?${query}`, signal);
      panel.show(compared, marks, RANGES[this.#back].days * DAY_MS);
    }
  }

  #renderTools(): void {
    const spans = Object.entries(RANGES).map(([value, { text }]) => [value, text] as const);
    const back = spans.map(
      ([value, text]) => [value, value === "1d" ? "yesterday" : `a ${text} ago`] as const,
    );
    this.#tools.replaceChildren(
      choice("The last", spans, this.#range, (value) => this.#choose(spanOf(value), this.#back)),
      choice(
        "against",
        back.map(([value, text]) => [value, text.replace("a 4 weeks", "4 weeks")]),
        this.#back,
        (value) => this.#choose(this.#range, spanOf(value)),
      ),
      element(
        "span",
        { class: "legend" },
        element("i", { class: "now" }),
        "now",
        element("i", { class: "then" }),
        "then",
      ),
      element(
        "span",
        { class: "legend quiet" },
        element("i", { class: "mark" }),
        "another container",
        element("i", { class: "event" }),
        "event",
      ),
    );
  }

  #choose(range: Span, back: Span): void {
    const focused = document.activeElement?.getAttribute("data-value");
    const group = document.activeElement?.parentElement?.getAttribute("aria-label");
    [this.#range, this.#back] = [range, back];
    history.replaceState(null, "", `${location.pathname}?${new URLSearchParams({ range, with: back })}`);
    this.#restart();
    this.#tools.querySelector<HTMLElement>(`[aria-label="${group}"] [data-value="${focused}"]`)?.focus();
  }
}

function spanOf(text: string | null): Span {
  return text !== null && text in RANGES ? (text as Span) : "7d";
}

/** One figure: its chart, and in numbers what it was and is. */
class Panel {
  readonly root: HTMLElement;
  readonly #change: HTMLElement = element("span", { class: "change" });
  readonly #figures: HTMLElement = element("p", { class: "figures" });
  readonly #readout: HTMLElement = element("p", { class: "readout quiet" });
  readonly #place: HTMLElement = element("div", { class: "chart" });
  readonly #ends: readonly (() => void)[];
  #draw: () => void = () => {};
  #chart: ReturnType<typeof openChart> | undefined;

  constructor(text: string) {
    const head = element("header", {}, element("h2", { text }), this.#change);
    this.root = element("article", { class: "panel" }, head, this.#figures, this.#place, this.#readout);
    const resized = new ResizeObserver(() => this.#resize());
    resized.observe(this.#place);
    this.#ends = [onTheme(() => this.#draw()), () => resized.disconnect()];
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#chart?.destroy();
  }

  show(compared: ComparedMeasure, marks: readonly Mark[], backMs: number): void {
    const { now, before, stepSeconds, summary, unit } = compared;
    const range = {
      fromMs: Date.parse(now.from),
      toMs: Date.parse(now.to),
      stepMs: stepSeconds * 1000,
      backMs,
    };
    const data = alignCourses(now.points, before.points, range);
    this.root.title = summary;
    this.#renderFigures(compared);
    const isEmpty = now.points.length + before.points.length === 0;
    this.#place.classList.toggle("none", isEmpty);
    this.#draw = () => {
      this.#chart?.destroy();
      const width = this.#place.clientWidth;
      const onCursor = (text: string | undefined): void => setText(this.#readout, text ?? "");
      this.#chart = openChart(this.#place, { unit, data, marks, width, onCursor });
    };
    this.#draw();
  }

  #renderFigures({ now, before, change, unit }: ComparedMeasure): void {
    const render = unit === "ratio" ? renderPercent : renderRate;
    const pair = (name: string, at: number | null, then: number | null): HTMLElement =>
      element("span", {}, `${name} `, element("b", { text: render(at) }), ` ${render(then)}`);
    const direction = change === null || Math.abs(change) < 0.005 ? "same" : change > 0 ? "more" : "less";
    setText(this.#change, renderChange(change));
    this.#change.dataset.change = direction;
    this.#figures.replaceChildren(
      pair("mean", now.mean, before.mean),
      pair("p95", now.p95, before.p95),
      pair("max", now.max, before.max),
    );
  }

  #resize(): void {
    const [chart, width] = [this.#chart, this.#place.clientWidth];
    if (chart !== undefined && width > 0 && width !== chart.width)
      chart.setSize({ width, height: chart.height });
  }
}
