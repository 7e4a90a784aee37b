import type { ServerResponse } from "node:http";
import { errnoOf, errorLine, type PlimsollError } from "../../../core/runtime/errors.ts";
import { RegistryError } from "../registry-error.ts";

/** An answer of the gate's own, in the form of the distribution specification ("Error Codes"). */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly detail?: readonly string[];
  /** When another attempt may end otherwise. */
  readonly againSeconds?: number;
}

export const BUSY: Refusal = {
  status: 503,
  code: "UNAVAILABLE",
  message: "too many images are being looked into; try again",
  againSeconds: 30,
};

/** Where the file is, and what is wrong with it, is the operator's. */
const NO_POLICY: Refusal = {
  status: 503,
  code: "UNAVAILABLE",
  message: "the registry's policy cannot be followed: nothing is pushed until it can",
  againSeconds: 60,
};

/** Too many requests at once: of this client, or of all. */
export function crowded(whose: "client" | "all"): Refusal {
  return whose === "client"
    ? {
        status: 429,
        code: "TOOMANYREQUESTS",
        message: "too many requests at once from here",
        againSeconds: 5,
      }
    : { status: 503, code: "UNAVAILABLE", message: "too many requests at once; try again", againSeconds: 5 };
}

/** Of a request that could not be handed on, or its answer. */
export function failureOf(error: unknown): Refusal {
  if (errnoOf(error) === "SLOW_CLIENT")
    return {
      status: 408,
      code: "TIMEOUT",
      message: "what was sent came too slowly; try again",
      againSeconds: 1,
    };
  return {
    status: 503,
    code: "UNAVAILABLE",
    message: "the registry does not answer; try again",
    againSeconds: 1,
  };
}

/** What could not be looked into does not pass: who brought it may try again where that may help. */
export function refusalOf(error: PlimsollError): Refusal {
  if (error.code === "POLICY") return NO_POLICY;
  if (error.code === "BUSY") return BUSY;
  const message = `cannot be looked into: ${errorLine(error)}`;
  const denied = { status: 403, code: "DENIED", message };
  const unavailable = { status: 503, code: "UNAVAILABLE", message, againSeconds: 1 };
  if (!(error instanceof RegistryError)) return error.code === "IMAGE" ? denied : unavailable;
  if (error.status === 404) return { status: 400, code: "MANIFEST_BLOB_UNKNOWN", message };
  return error.isPassing ? unavailable : { status: 400, code: "MANIFEST_INVALID", message };
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) return void response.destroy();
  const { status, code, message, detail, againSeconds } = refusal;
  // What is left of the request is not read.
  const headers = { "content-type": "application/json", connection: "close" };
  const again = againSeconds === undefined ? {} : { "retry-after": `${againSeconds}` };
  response.writeHead(status, { ...headers, ...again });
  response.end(JSON.stringify({ errors: [{ code, message, ...(detail && { detail }) }] }));
}
