import type { Schema } from "./schema.ts";

export type Method = "GET" | "POST" | "DELETE";

/** What a handler may know of a request. */
export interface ApiRequest {
  /** The parts in braces of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Of the body's schema; undefined without one. */
  readonly body: unknown;
  /** Under which id, where the route takes one. */
  readonly idempotencyKey: string | undefined;
  /** Aborts when nobody listens any more. */
  readonly signal: AbortSignal;
}

/** One way in: what it takes, what it gives, and who does it. The OpenAPI document is made of nothing else. */
export interface Route {
  readonly method: Method;
  /** `/v1/machines/{name}`: a part in braces matches anything up to the next slash. */
  readonly path: string;
  /** The operation's name in generated clients. */
  readonly name: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, { readonly schema: Schema; readonly description: string }>>;
  readonly body?: Schema;
  /** Takes the header `idempotency-key`: asked again with it, it is not done again. */
  readonly isIdempotent?: true;
  readonly answer: {
    readonly status: 200 | 201 | 202;
    readonly description: string;
    readonly schema: Schema;
    /** A line of JSON for each, for as long as it takes. */
    readonly isStream?: true;
  };
  handle(request: ApiRequest): Promise<unknown>;
}

/** A route, and the parts of a path that it names. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** The routes whose path it is; of any method. */
export function matchPath(routes: readonly Route[], path: string): readonly Match[] {
  return routes.flatMap((route) => {
    const match = expressionOf(route.path).exec(path);
    const params = match === null ? undefined : decoded(match.groups ?? {});
    return params === undefined ? [] : [{ route, params }];
  });
}

/** The names in braces. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function expressionOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}

function decoded(groups: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}
