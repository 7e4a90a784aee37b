/*
 * troubles/6f1c…  {"text":"its program ends again and again: exit code 3: no luck","sinceMs":1700000000000}
 *
 * What a host could not mend so far, by the machine's id; gone once it is well.
 */
import { Fields } from "../store/documents.ts";
import type { Store } from "../store/types.ts";

const TROUBLES = "troubles/";

export interface Trouble {
  readonly text: string;
  readonly sinceMs: number;
}

/** By machine, of all hosts. */
export async function listTroubles(store: Store): Promise<ReadonlyMap<string, Trouble>> {
  const { entries } = await store.list(TROUBLES);
  return new Map(
    entries.map((entry) => {
      const fields = new Fields(store, entry);
      const trouble = { text: fields.text("text"), sinceMs: fields.integer("sinceMs", 0) };
      return [entry.key.slice(TROUBLES.length), trouble];
    }),
  );
}

export async function writeTrouble(store: Store, id: string, trouble: Trouble): Promise<void> {
  await store.transact({ expect: [], put: [{ key: TROUBLES + id, value: trouble }] });
}

export async function removeTrouble(store: Store, id: string): Promise<void> {
  await store.transact({ expect: [], remove: [TROUBLES + id] });
}
