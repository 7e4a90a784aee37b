import type { MachineEvent } from "./documents.ts";

/** `2026-11-23T09:00:00.000Z  h1  web  rebuild undone: it has ended: exit code 3`. */
export function renderEvent({ atMs, host, kind, state, name, text }: MachineEvent): string {
  const what = text === undefined ? "" : `: ${text}`;
  return `${new Date(atMs).toISOString()}  ${host}  ${name ?? "-"}  ${kind} ${state}${what}`;
}

/** What a script is shown: times in ISO 8601, absence as null. */
export interface EventView {
  readonly at: string;
  readonly host: string;
  readonly kind: string;
  readonly state: string;
  readonly name: string | null;
  readonly id: string | null;
  readonly text: string | null;
}

export function viewEvent({ atMs, host, kind, state, name, id, text }: MachineEvent): EventView {
  return {
    ...{ at: new Date(atMs).toISOString(), host, kind, state },
    ...{ name: name ?? null, id: id ?? null, text: text ?? null },
  };
}
