import { Refusal, type Reply, type Route } from "./route.ts";

export interface Match {
  readonly handle: Route["handle"];
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly route: Route;
  readonly expression: RegExp;
}

/** Finds the handler for a method and a path. Throws Refusal 404, or 405 with what is allowed. */
export type Router = (method: string, path: string) => Match;

export function createRouter(routes: readonly Route[]): Router {
  const patterns = routes.map((route): Pattern => ({ route, expression: expressionOf(route.path) }));
  return (method, path) => {
    const matches = patterns.flatMap(({ route, expression }) => {
      const match = expression.exec(path);
      return match === null ? [] : [{ route, groups: match.groups ?? {} }];
    });
    if (matches.length === 0) throw new Refusal(404, `no such path ${path}, see /`);
    // HEAD is GET without the body, which node:http leaves out.
    const found = matches.find(({ route }) => route.method === (method === "HEAD" ? "GET" : method));
    if (found !== undefined)
      return { handle: (request) => found.route.handle(request), params: decoded(found.groups) };
    const allow = matches.map(({ route }) => route.method).join(", ");
    throw new Refusal(405, `${method} ${path}: ${allow} only`, { allow });
  };
}

function expressionOf(path: string): RegExp {
  const escaped = path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&");
  const rest = escaped.replaceAll(/\{(\w+)\\\*\}/g, "(?<$1>.+)");
  return new RegExp(`^${rest.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}

function decoded(groups: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    throw new Refusal(400, "malformed escape in the path");
  }
}

/** One line for each route, for people who look. */
export function indexRoute(routes: readonly Route[]): Route {
  const lines = routes.map(({ method, path, summary }) => `${`${method} ${path}`.padEnd(32)}${summary}\n`);
  const reply: Reply = {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: `plimsoll-collector\n\n${lines.join("")}`,
  };
  return { method: "GET", path: "/", summary: "this page", handle: () => reply };
}
