import { NotFoundError, UsageError } from "../../../core/runtime/errors.ts";
import { readFleet } from "../../fleet/hosts.ts";
import { drainHost, fenceHost, type Orderer, readmitHost } from "../../fleet/orders.ts";
import { viewHost, viewOrder } from "../../fleet/render.ts";
import type { Route } from "../route.ts";
import { fields, reference, TEXT } from "../schema.ts";

/** The hosts of the store, none where it is of one host, and what is ordered of them. */
export function hostRoutes(orderer: Orderer): readonly Route[] {
  const { store } = orderer;
  return [
    {
      ...{ method: "GET", path: "/v1/hosts", name: "listHosts" },
      summary: "All hosts of the store, and what is promised on each",
      answer: { status: 200, description: "by name", schema: { type: "array", items: reference("Host") } },
      handle: async () => (await readFleet(store)).hosts.map(viewHost),
    },
    {
      ...{ method: "POST", path: "/v1/hosts/{name}/drain", name: "drainHost" },
      summary: "Have a host get no more machines; it keeps those it has",
      answer: { status: 200, description: "what holds of it", schema: reference("Order") },
      handle: async ({ params: { name = "" } }) => viewOrder(name, await drainHost(orderer, name)),
    },
    {
      ...{ method: "POST", path: "/v1/hosts/{name}/fence", name: "fenceHost", body: reference("Fence") },
      summary: "Say that a host is off, so that its machines may be made elsewhere",
      answer: { status: 200, description: "what holds of it", schema: reference("Order") },
      handle: async ({ params: { name = "" }, body }) => {
        // What the command asks a person, this asks of the body.
        if (!(body as { isOff: boolean }).isOff)
          throw new UsageError("isOff: must be true: it is off, or cut from the network for good");
        return viewOrder(name, await fenceHost(orderer, name));
      },
    },
    {
      ...{ method: "POST", path: "/v1/hosts/{name}/readmit", name: "readmitHost" },
      summary: "End a drain or a fence: the host goes on with what is still its own",
      answer: { status: 200, description: "it is as any other", schema: fields({ host: TEXT }) },
      handle: async ({ params: { name = "" } }) => {
        if (!(await readmitHost(orderer, name)))
          throw new NotFoundError(`host ${name}: neither draining nor fenced`);
        return { host: name };
      },
    },
  ];
}
