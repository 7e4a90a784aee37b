import type { Catalog } from "./catalog.ts";
import type { Data } from "./data.ts";
import { archiveReader } from "./history/archive-reader.ts";
import type { HistoryReader } from "./history/reader.ts";
import { openPromqlClient } from "./promql/promql-client.ts";
import { promqlReader } from "./promql/promql-reader.ts";
import type { PromqlUrl } from "./promql/promql-url.ts";

/** Where history is read: elsewhere when somebody says so, else what is kept here; undefined where nothing is. */
export async function openReader(
  from: PromqlUrl | undefined,
  { archive, inventory }: Pick<Data, "archive" | "inventory">,
  catalog: Catalog,
): Promise<HistoryReader | undefined> {
  const isCounter = (name: string): boolean => catalog.isCounter(name);
  if (from === undefined) return archive === undefined ? undefined : archiveReader(archive, isCounter);
  const client = await openPromqlClient(from);
  return promqlReader({
    ...{ client, isCounter },
    extentOf: ({ id, ip, firstSeenMs, ended }) => ({
      // Before the first that we have heard of, nobody is known to have had it.
      fromMs: inventory.histories(ip)[0]?.id === id ? 0 : firstSeenMs,
      toMs: ended?.atMs ?? Number.MAX_SAFE_INTEGER,
    }),
  });
}
