import { NotFoundError, UsageError } from "../../../core/runtime/errors.ts";
import { placeEvacuation, previewEvacuation, untilBegun } from "../../fleet/evacuate.ts";
import type { Orderer } from "../../fleet/orders.ts";
import { findRequest } from "../../operations/requests.ts";
import { viewRequest } from "../../serve/desk.ts";
import type { Route } from "../route.ts";
import { reference } from "../schema.ts";

/** The machines of a fenced host, made anew on others; each of those has an operation of its own. */
export function evacuationRoutes(orderer: Orderer): readonly Route[] {
  const { store, clock } = orderer;
  return [
    {
      ...{ method: "GET", path: "/v1/hosts/{name}/evacuation", name: "previewEvacuation" },
      summary: "Where the machines of a fenced host would be made anew; nothing is changed",
      answer: { status: 200, description: "the largest first", schema: reference("Evacuation") },
      handle: ({ params: { name = "" } }) => previewEvacuation(store, name),
    },
    {
      ...{ method: "POST", path: "/v1/hosts/{name}/evacuate", name: "evacuateHost" },
      summary:
        "Have the machines of a fenced host made anew on others; who stops to listen leaves it running",
      body: reference("Evacuate"),
      answer: {
        ...{ status: 202, description: "under way on these hosts", schema: reference("BegunEvacuation") },
      },
      handle: async ({ params: { name = "" }, body, signal }) => {
        // What the command asks a person, this asks of the body.
        if (!(body as { withoutData: boolean }).withoutData)
          throw new UsageError("withoutData: must be true: their data is on that host's own disks");
        const { asks, refused } = await placeEvacuation(store, clock, name);
        return { operations: await untilBegun(store, clock, asks, signal), refused };
      },
    },
    {
      ...{ method: "GET", path: "/v1/hosts/{name}/operations/{id}", name: "showOperationOf" },
      summary: "How far an operation of any host is; kept for a day after its end",
      answer: { status: 200, description: "the operation", schema: reference("Operation") },
      handle: async ({ params: { name = "", id = "" } }) => {
        const record = await findRequest(store, name, id);
        if (record === undefined) throw new NotFoundError(`operation ${id}: not found on host ${name}`);
        return viewRequest(record);
      },
    },
  ];
}
