import { endBatch, listBatches } from "../../fleet/batch-orders.ts";
import type { Orderer } from "../../fleet/orders.ts";
import type { Route } from "../route.ts";
import { reference } from "../schema.ts";

/** Creations on several hosts; none where the store is of one host. */
export function batchRoutes(orderer: Orderer): readonly Route[] {
  return [
    {
      ...{ method: "GET", path: "/v1/batches", name: "listBatches" },
      summary: "Creations on several hosts that are not over, and which host they wait for",
      answer: { status: 200, description: "each", schema: { type: "array", items: reference("Batch") } },
      handle: () => listBatches(orderer.store),
    },
    {
      ...{ method: "DELETE", path: "/v1/batches/{id}", name: "endBatch" },
      summary: "Wait for no host any more: what a batch has made stays",
      answer: { status: 200, description: "as it was", schema: reference("Batch") },
      handle: ({ params: { id = "" } }) => endBatch(orderer, id),
    },
  ];
}
