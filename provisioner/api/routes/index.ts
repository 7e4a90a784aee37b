import type { Host } from "../../host/host.ts";
import { renderOpenApi } from "../openapi.ts";
import type { Route } from "../route.ts";
import { batchRoutes } from "./batches.ts";
import { evacuationRoutes } from "./evacuations.ts";
import { hostRoutes } from "./hosts.ts";
import { insideRoutes } from "./inside.ts";
import { machineRoutes } from "./machines.ts";
import { networkRoutes } from "./networks.ts";
import { type OperationParts, operationRoutes } from "./operations.ts";
import { type StatusParts, statusRoute } from "./status.ts";

/** Everything the API is. */
export function apiRoutes(parts: OperationParts & StatusParts & { readonly host: Host }): readonly Route[] {
  const { store, clock, config } = parts.host;
  const orderer = { store, clock, by: config.name };
  const routes: Route[] = [
    statusRoute(parts),
    ...machineRoutes(parts.host),
    ...insideRoutes(parts.host),
    ...operationRoutes(parts),
    ...networkRoutes(store, clock),
    ...hostRoutes(orderer),
    ...evacuationRoutes(orderer),
    ...batchRoutes(orderer),
  ];
  const document: Route = {
    ...{ method: "GET", path: "/v1/openapi.json", name: "showOpenApi", summary: "This document" },
    answer: {
      ...{ status: 200, description: "OpenAPI 3.1" },
      schema: { type: "object", properties: {}, additionalProperties: true },
    },
    handle: async () => renderOpenApi([...routes, document]),
  };
  return [...routes, document];
}
