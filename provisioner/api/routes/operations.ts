import { type ChangeRequest, CREATE_DEFAULTS, checkRequest } from "../../ct/request.ts";
import type { Desk } from "../../serve/desk.ts";
import type { Step } from "../../step/steps.ts";
import type { Route } from "../route.ts";
import { reference } from "../schema.ts";

export interface OperationParts {
  readonly desk: Desk;
  readonly plan: (request: ChangeRequest) => Promise<readonly Step[]>;
}

const OPERATION = reference("Operation");

/** All that changes machines: asked for, followed, cancelled. */
export function operationRoutes({ desk, plan }: OperationParts): readonly Route[] {
  return [
    {
      ...{ method: "POST", path: "/v1/plan", name: "planChange", body: reference("ChangeRequest") },
      summary: "What a request would do, step by step; nothing is changed",
      answer: {
        ...{ status: 200, description: "the steps, in order" },
        schema: { type: "array", items: reference("Step") },
      },
      handle: async ({ body }) => {
        const request = requestOf(body);
        checkRequest(request);
        return plan(request);
      },
    },
    {
      ...{ method: "POST", path: "/v1/operations", name: "beginOperation", isIdempotent: true },
      summary: "Create, start, stop, restart, repair, resize, rebuild or destroy machines",
      body: reference("ChangeRequest"),
      answer: {
        ...{ status: 202, description: "planned, written down, and under way", schema: OPERATION },
      },
      handle: ({ body, idempotencyKey }) => desk.submit(requestOf(body), idempotencyKey),
    },
    {
      ...{ method: "GET", path: "/v1/operations/{id}", name: "showOperation" },
      summary: "How far an operation is; kept for a day after its end",
      answer: { status: 200, description: "the operation", schema: OPERATION },
      handle: ({ params: { id = "" } }) => desk.find(id),
    },
    {
      ...{ method: "GET", path: "/v1/operations/{id}/progress", name: "followOperation" },
      summary: "Each step as it begins and is done, from the first on; the last line is the operation",
      answer: { status: 200, description: "a line for each", schema: reference("Progress"), isStream: true },
      handle: ({ params: { id = "" }, signal }) => desk.follow(id, signal),
    },
    {
      ...{ method: "DELETE", path: "/v1/operations/{id}", name: "cancelOperation" },
      summary: "Take back what an operation has done, as far as that is possible",
      answer: { status: 202, description: "it is being taken back", schema: OPERATION },
      handle: ({ params: { id = "" } }) => desk.cancel(id),
    },
  ];
}

/** The body has been checked against its schema. */
function requestOf(body: unknown): ChangeRequest {
  const request = body as ChangeRequest;
  return request.kind === "create" ? { ...CREATE_DEFAULTS, ...request } : request;
}
