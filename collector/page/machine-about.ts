import type { MachineAbout, MachineEvent, MachineGeneration } from "./api.ts";
import type { Mark } from "./chart.ts";
import { element } from "./dom.ts";
import { renderAgo, renderTime } from "./format.ts";

/** Said already by the figures and the title. */
const NOT_SHOWN = ["instance", "ip", "hostname", "container", "generation", "image", "host", "owner"];

/** What is known of a machine, a fact each. */
export function facts(about: MachineAbout, nowMs: number): readonly HTMLElement[] {
  const generations = generationsOf(about);
  const present = generations.at(-1);
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Name", about.labels.hostname],
    ["Heard of", renderAgo(about.lastSeen, nowMs)],
    ["Host", present?.host],
    ["Image", present?.image],
    ["Container", present?.container?.slice(0, 12)],
    ["Containers so far", String(generations.length)],
    ["Known since", renderTime(Date.parse(about.firstSeen))],
    ["Series", String(about.seriesCount)],
    ...Object.entries(about.labels).filter(([name]) => !NOT_SHOWN.includes(name)),
  ];
  const state = element(
    "div",
    {},
    element("dt", { text: "State" }),
    element("dd", { class: "state", text: about.state }),
  );
  state.dataset.state = about.state;
  const others = rows.flatMap(([name, text]) =>
    text === undefined
      ? []
      : [element("div", {}, element("dt", { text: name }), element("dd", { text, title: text }))],
  );
  return [element("dl", {}, state, ...others)];
}

/** What happened to a machine, the latest first. */
export function happenings(about: MachineAbout, events: readonly MachineEvent[]): readonly HTMLElement[] {
  const rows = events.toReversed().map(({ at, kind, detail }) =>
    element(
      "tr",
      { attributes: { "data-kind": kind } },
      element("td", {}, element("time", { text: renderTime(Date.parse(at)), attributes: { datetime: at } })),
      element("td", {}, element("b", { text: kind })),
      element("td", {
        text: Object.entries(detail)
          .map(([name, text]) => `${name} ${name === "container" ? text.slice(0, 12) : text}`)
          .join(" · "),
      }),
    ),
  );
  const head = element("h2", { text: "What happened" });
  if (rows.length === 0)
    return [head, element("p", { class: "quiet", text: "Nothing in the last 90 days." })];
  const former = about.histories.length - 1;
  const note =
    former > 0
      ? [element("p", { class: "quiet", text: `${former} other machine(s) had this address before.` })]
      : [];
  return [head, ...note, element("table", {}, element("tbody", {}, ...rows))];
}

/** Generations and events as places on a time line; a rebuild is one of them, not both. */
export function marksOf(about: MachineAbout, events: readonly MachineEvent[]): readonly Mark[] {
  const begun = generationsOf(about)
    .slice(1)
    .map(({ started }): Mark => ({ atMs: Date.parse(started), kind: "generation" }));
  const others = events
    .filter(({ kind }) => kind !== "rebuilt" && kind !== "first-seen")
    .map(({ at }): Mark => ({ atMs: Date.parse(at), kind: "event" }));
  return [...others, ...begun];
}

/** Of who has the address now. */
function generationsOf({ histories }: MachineAbout): readonly MachineGeneration[] {
  return histories.at(-1)?.generations ?? [];
}
