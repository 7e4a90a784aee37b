/*
 * events/h1/001700000000000-3f2a91c0  {"kind":"rebuild","state":"undone","name":"web","id":"6f1c…","text":"it has ended: exit code 3"}
 *
 * What happened to a machine, or to this host, by the wall clock of the host that wrote it.
 */
import { Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";

export const EVENTS = "events/";

export interface MachineEvent {
  readonly atMs: number;
  readonly host: string;
  /** An operation's, or `trouble`, `orphan`, `daemon`. */
  readonly kind: string;
  /** `done`, `undone`, `stuck`; of others what there is to say in a word. */
  readonly state: string;
  /** Of the machine, where it is about one. */
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly text?: string | undefined;
}

export function eventKey({ host, atMs }: Pick<MachineEvent, "host" | "atMs">, suffix: string): string {
  return `${EVENTS}${host}/${String(atMs).padStart(15, "0")}-${suffix}`;
}

export function encodeEvent({ atMs: _, host: __, ...rest }: MachineEvent): object {
  return rest;
}

export function decodeEvent(store: Pick<Store, "name">, entry: Pick<Entry, "key" | "value">): MachineEvent {
  const fields = new Fields(store, entry);
  const [, host = "", time = ""] = entry.key.split("/");
  return {
    atMs: Number(time.split("-")[0]),
    host,
    kind: fields.text("kind"),
    state: fields.text("state"),
    name: fields.optionalText("name"),
    id: fields.optionalText("id"),
    text: fields.optionalText("text"),
  };
}
