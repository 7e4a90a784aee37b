import { readFleet } from "../../fleet/hosts.ts";
import { viewHost } from "../../fleet/render.ts";
import type { Store } from "../../store/types.ts";
import type { Route } from "../route.ts";
import { reference } from "../schema.ts";

/** The hosts of the store; none where it is of one host. */
export function hostRoute(store: Store): Route {
  return {
    ...{ method: "GET", path: "/v1/hosts", name: "listHosts" },
    summary: "All hosts of the store, and what is promised on each",
    answer: { status: 200, description: "by name", schema: { type: "array", items: reference("Host") } },
    handle: async () => (await readFleet(store)).hosts.map(viewHost),
  };
}
