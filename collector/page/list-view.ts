import type { Overview, OverviewMachine } from "./api.ts";
import { element, setText } from "./dom.ts";
import { ListRow, ROW_HEIGHT } from "./list-row.ts";
import { type Column, countStates, firstOrder, type Order, selectRows } from "./machine-rows.ts";
import { rowWindow } from "./row-window.ts";
import type { SparkColours } from "./sparkline.ts";
import { colour, onTheme } from "./theme.ts";
import { getJson, keepLooking, type View } from "./view.ts";

const LOOK_MS = 10_000;

const COLUMNS: readonly (readonly [Column, string])[] = [
  ["state", "State"],
  ["ip", "Machine"],
  ["name", "Name"],
  ["host", "Host"],
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["disk", "Disk"],
  ["network", "Network"],
  ["seen", "Heard of"],
];

/** Every machine: looked for, ordered, as many elements as are in sight. What is chosen is in the address. */
export class ListView implements View {
  readonly title = "Machines";
  readonly page = "machines";
  readonly #notice: (problem: string) => void;
  readonly #search: HTMLInputElement = element("input", {
    ...{ type: "search", placeholder: "Search address, name, host, state" },
    attributes: { "aria-label": "Search", "aria-keyshortcuts": "/" },
  });
  readonly #states: HTMLElement = element("div", { class: "states", role: "group" });
  readonly #count: HTMLElement = element("span", {
    class: "quiet count",
    attributes: { "aria-live": "polite" },
  });
  readonly #head: HTMLElement = element("div", { class: "row head", role: "row" });
  readonly #canvas: HTMLElement = element("div", { class: "rows", role: "rowgroup" });
  readonly #empty: HTMLElement = element("p", { class: "empty" });
  readonly #table: HTMLElement = element("div", {
    class: "table",
    role: "table",
    attributes: { tabindex: "-1" },
  });
  readonly #pool: ListRow[] = [];
  #machines: readonly OverviewMachine[] | undefined;
  #shown: readonly OverviewMachine[] = [];
  #order: Order = { column: "state", isDescending: false };
  #state: string | undefined;
  #colours: SparkColours = { line: "", area: "" };
  #ends: readonly (() => void)[] = [];

  constructor(notice: (problem: string) => void) {
    this.#notice = notice;
  }

  open(place: HTMLElement): void {
    this.#readAddress();
    this.#table.append(this.#head, this.#canvas, this.#empty);
    const tools = element("div", { class: "tools" }, this.#search, this.#states, this.#count);
    place.append(element("h1", { class: "unseen", text: this.title }), tools, this.#table);
    this.#search.addEventListener("input", () => this.#choose());
    this.#table.addEventListener("scroll", () => this.#paint(), { passive: true });
    this.#table.addEventListener("keydown", (event) => this.#onKey(event));
    const resized = new ResizeObserver(() => this.#paint());
    resized.observe(this.#table);
    this.#setColours();
    this.#renderHead();
    const repaint = onTheme(() => {
      this.#setColours();
      this.#paint();
    });
    const look = keepLooking(LOOK_MS, (signal) => this.#look(signal), this.#notice);
    this.#ends = [look, repaint, () => resized.disconnect()];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { machines } = await getJson<Overview>("/api/v1/overview", signal);
    this.#machines = machines;
    this.#renderStates();
    this.#choose();
  }

  /** What is chosen has changed, or what there is to choose from. */
  #choose(): void {
    const wanted = { search: this.#search.value, state: this.#state, order: this.#order };
    this.#shown = selectRows(this.#machines ?? [], wanted);
    this.#canvas.style.height = `${this.#shown.length * ROW_HEIGHT}px`;
    this.#table.setAttribute("aria-rowcount", String(this.#shown.length + 1));
    this.#tellCount();
    this.#writeAddress();
    this.#paint();
  }

  #tellCount(): void {
    const [all, shown] = [this.#machines?.length ?? 0, this.#shown.length];
    setText(this.#count, all === shown ? `${all} machines` : `${shown} of ${all} machines`);
    const none =
      all === 0
        ? "No machine has been heard of. Point an agent here: plimsoll-agent run --push remote-write+http://…"
        : "No machine is like that.";
    setText(this.#empty, this.#machines === undefined || shown > 0 ? "" : none);
  }

  #paint(): void {
    const { first, end } = rowWindow(
      this.#table.scrollTop,
      this.#table.clientHeight,
      ROW_HEIGHT,
      this.#shown.length,
    );
    while (this.#pool.length < end - first) this.#pool.push(this.#newRow());
    const nowMs = Date.now();
    // A row keeps its element while it is scrolled, so that what has the focus keeps it.
    const [free, taken] = [[] as ListRow[], new Map<number, ListRow>()];
    for (const row of this.#pool) {
      if (row.index >= first && row.index < end) taken.set(row.index, row);
      else free.push(row);
    }
    for (let index = first; index < end; index++) {
      const machine = this.#shown[index];
      const row = taken.get(index) ?? free.pop();
      if (machine !== undefined) row?.show(machine, index, nowMs, this.#colours);
      if (row !== undefined) row.root.hidden = false;
    }
    for (const row of free) {
      row.root.hidden = true;
      row.index = -1;
    }
  }

  #newRow(): ListRow {
    const row = new ListRow();
    this.#canvas.append(row.root);
    return row;
  }

  #renderHead(): void {
    const cells = COLUMNS.map(([column, text]) => {
      const isChosen = column === this.#order.column;
      const sort = isChosen ? (this.#order.isDescending ? "descending" : "ascending") : "none";
      const button = element("button", { text, type: "button", onClick: () => this.#orderBy(column) });
      return element(
        "span",
        { class: column, role: "columnheader", attributes: { "aria-sort": sort } },
        button,
      );
    });
    this.#head.replaceChildren(...cells);
  }

  #orderBy(column: Column): void {
    const { order } = { order: this.#order };
    this.#order =
      order.column === column ? { column, isDescending: !order.isDescending } : firstOrder(column);
    this.#renderHead();
    this.#head.querySelector<HTMLElement>(`.${column} button`)?.focus();
    this.#choose();
  }

  #renderStates(): void {
    const counts = countStates(this.#machines ?? []);
    const buttons = counts.map(([state, count]) =>
      element("button", {
        ...{ type: "button", text: `${count} ${state}`, onClick: () => this.#chooseState(state) },
        attributes: { "data-state": state, "aria-pressed": String(state === this.#state) },
      }),
    );
    this.#states.replaceChildren(...buttons);
  }

  #chooseState(state: string): void {
    this.#state = this.#state === state ? undefined : state;
    this.#renderStates();
    this.#choose();
  }

  /** Up and down go from row to row, also to those that have no element yet. */
  #onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const focused = this.#pool.find(({ root }) => root === document.activeElement)?.index ?? -1;
    this.focusRow(Math.min(Math.max(focused + step, 0), this.#shown.length - 1));
  }

  focusRow(index: number): void {
    const [top, height] = [index * ROW_HEIGHT, this.#table.clientHeight - ROW_HEIGHT];
    if (top < this.#table.scrollTop) this.#table.scrollTop = top;
    if (top + ROW_HEIGHT > this.#table.scrollTop + height) this.#table.scrollTop = top + ROW_HEIGHT - height;
    this.#paint();
    this.#pool.find((row) => row.index === index)?.root.focus({ preventScroll: true });
  }

  #setColours(): void {
    this.#colours = { line: colour("accent"), area: colour("accent-faint") };
  }

  #readAddress(): void {
    const query = new URLSearchParams(location.search);
    this.#search.value = query.get("q") ?? "";
    this.#state = query.get("state") ?? undefined;
    const [column, direction] = (query.get("sort") ?? "state").split(".");
    const known = COLUMNS.find(([name]) => name === column)?.[0];
    if (known !== undefined) this.#order = { column: known, isDescending: direction === "down" };
  }

  #writeAddress(): void {
    const { column, isDescending } = this.#order;
    const query = new URLSearchParams();
    if (this.#search.value !== "") query.set("q", this.#search.value);
    if (this.#state !== undefined) query.set("state", this.#state);
    if (column !== "state" || isDescending) query.set("sort", isDescending ? `${column}.down` : column);
    history.replaceState(null, "", query.size === 0 ? "/" : `/?${query}`);
  }
}
