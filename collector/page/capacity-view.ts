import type { Capacity, CapacityGroup, CapacityResource } from "./api.ts";
import { choice, element } from "./dom.ts";
import { renderBytes, renderCpus, renderPercent } from "./format.ts";
import { getJson, keepLooking, type View } from "./view.ts";

const LOOK_MS = 10_000;

const TITLES = { cpu: "CPU", memory: "Memory", disk: "Disk" } as const;

/** What is shown of many groups; the rest is found by another grouping. */
const MAX_GROUPS = 200;

/** What the fleet has, what it uses, where it will not do, and where it is never needed. */
export class CapacityView implements View {
  readonly title = "Capacity";
  readonly page = "capacity";
  readonly #notice: (problem: string) => void;
  readonly #tools: HTMLElement = element("div", { class: "tools" });
  readonly #body: HTMLElement = element("div", { class: "capacity" });
  #by: string | undefined;
  #end: () => void = () => {};

  constructor(notice: (problem: string) => void) {
    this.#notice = notice;
  }

  open(place: HTMLElement): void {
    this.#by = new URLSearchParams(location.search).get("by") ?? undefined;
    place.append(element("h1", { text: this.title }), this.#tools, this.#body);
    this.#restart();
  }

  close(): void {
    this.#end();
  }

  #restart(): void {
    this.#end();
    this.#end = keepLooking(LOOK_MS, (signal) => this.#look(signal), this.#notice);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const query = this.#by === undefined ? "" : `?${new URLSearchParams({ by: this.#by })}`;
    const capacity = await getJson<Capacity>(`/api/v1/capacity${query}`, signal);
    this.#renderTools(capacity);
    const { all, groups, by } = capacity;
    if (all === null) {
      const text = "Nothing is known yet: each machine's week is read in turn, where history is kept.";
      this.#body.replaceChildren(element("p", { class: "empty", text }));
      return;
    }
    const rows = groups.slice(0, MAX_GROUPS).map((group) => groupCard(group, by));
    const head = element("h2", {
      text: groups.length === 1 ? "One group" : `${groups.length} groups, the largest first`,
    });
    this.#body.replaceChildren(fleetTiles(all), head, ...rows);
  }

  #renderTools({ by, machines, surveyed }: Capacity): void {
    const groupings = [...new Set(["business", "host", "ip", by])];
    const names = groupings.map((name) => [name, name === "ip" ? "machine" : name] as const);
    const waiting =
      surveyed < machines
        ? `${surveyed} of ${machines} machines read so far`
        : `${machines} ${machines === 1 ? "machine" : "machines"}`;
    this.#tools.replaceChildren(
      choice("Grouped by", names, by, (chosen) => this.#choose(chosen)),
      element(
        "span",
        { class: "legend" },
        element("i", { class: "p50" }),
        "usual",
        element("i", { class: "p95" }),
        "95 % of the time",
        element("i", { class: "max" }),
        "at most, over a week; the bar is the limit",
      ),
      element("span", { class: "quiet count", text: waiting }),
    );
  }

  #choose(by: string): void {
    this.#by = by;
    history.replaceState(null, "", `/capacity?${new URLSearchParams({ by })}`);
    this.#restart();
  }
}

function fleetTiles({ resources }: CapacityGroup): HTMLElement {
  const tiles = resources.map((one) =>
    element(
      "article",
      { class: "panel tile" },
      element("h2", { text: TITLES[one.resource] }),
      element(
        "p",
        { class: "large" },
        renderPercent(one.used.p95 / one.limit),
        element("span", { class: "quiet", text: ` of ${amount(one, one.limit)}` }),
      ),
      bar(one),
      element("p", {
        class: "quiet",
        text: `${amount(one, one.used.p95)} or less 95 % of the time${wasted(one)}`,
      }),
    ),
  );
  return element("section", { class: "tiles" }, ...tiles);
}

function groupCard(group: CapacityGroup, by: string): HTMLElement {
  const name =
    by === "ip"
      ? element("a", { text: group.name, href: `/machines/${encodeURIComponent(group.name)}` })
      : element("span", { text: group.name });
  const title = element(
    "h3",
    {},
    name,
    element("span", { class: "quiet", text: group.machines === 1 ? "" : ` ${group.machines} machines` }),
  );
  const rows = group.resources.map((one) =>
    element(
      "div",
      { class: "resource", attributes: { "data-resource": one.resource } },
      element("span", { class: "quiet", text: TITLES[one.resource] }),
      bar(one),
      element("span", {
        class: "amount",
        text: `${amount(one, one.used.p95).replace(/ CPUs$/, "")} of ${amount(one, one.limit)}`,
      }),
      element("span", { class: "verdict" }, ...verdicts(one)),
    ),
  );
  return element("article", { class: "group" }, title, element("div", {}, ...rows));
}

/** Used, on the scale of the limit; what was asked for is a line. */
function bar({ used, limit, requested }: CapacityResource): HTMLElement {
  const part = (name: string, value: number): HTMLElement => {
    const piece = element("i", { class: name });
    piece.style.width = `${Math.min(100, (value / limit) * 100)}%`;
    return piece;
  };
  const marks = requested === limit ? [] : [part("requested", requested)];
  const text = [used.p50, used.p95, used.max].map((value) => renderPercent(value / limit)).join(", ");
  return element(
    "span",
    {
      class: "usage",
      role: "img",
      attributes: { "aria-label": `used of the limit: ${text}` },
      title: `usual, 95 %, most: ${text}`,
    },
    ...[part("max", used.max), part("p95", used.p95), part("p50", used.p50)],
    ...marks,
  );
}

function verdicts(one: CapacityResource): readonly HTMLElement[] {
  const found: HTMLElement[] = [];
  const [first] = one.shortages;
  if (first !== undefined) {
    const others = one.short > 1 ? ` and ${one.short - 1} more` : "";
    const link = element("a", { text: first.ip, href: `/machines/${encodeURIComponent(first.ip)}` });
    const title = one.shortages.map(({ ip, why }) => `${ip}: ${why}`).join("\n");
    found.push(element("span", { class: "short", title }, "short: ", link, ` ${first.why}${others}`));
  } else if (one.exhaustedInDays !== null && one.resource !== "cpu") {
    found.push(
      element("span", {
        class: "quiet",
        text: `the first is full in ${Math.floor(one.exhaustedInDays)} days`,
      }),
    );
  }
  if (one.isWasteful)
    found.push(element("span", { class: "waste", text: `wasted: ${amount(one, one.unused)} never used` }));
  return found;
}

function wasted(one: CapacityResource): string {
  return one.isWasteful ? ` · ${amount(one, one.unused)} never used` : "";
}

function amount({ unit }: CapacityResource, value: number): string {
  return unit === "cpus" ? `${renderCpus(value)} CPUs` : renderBytes(value);
}
