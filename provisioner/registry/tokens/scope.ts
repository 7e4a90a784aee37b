/*
 * What a client asks for ("Token Scope Documentation" of the distribution project):
 *
 *   repository:team/app:pull,push      registry:catalog:*
 */
import { isRepository } from "../names.ts";

export interface Scope {
  readonly type: "repository" | "registry";
  readonly name: string;
  readonly actions: readonly string[];
}

/** `scope` may come several times, and with several in one. What is no scope of ours grants nothing. */
export function parseScopes(values: readonly string[]): readonly Scope[] {
  return values
    .flatMap((value) => value.split(" "))
    .map(parseScope)
    .filter((scope) => scope !== undefined);
}

function parseScope(text: string): Scope | undefined {
  const [, type, name = "", actions = ""] =
    /^(repository|registry)(?:\([a-z]+\))?:([^:]+):([a-z*,]+)$/.exec(text) ?? [];
  if (type === "repository")
    return isRepository(name) ? { type, name, actions: actions.split(",") } : undefined;
  return type === "registry" && name === "catalog" ? { type, name, actions: actions.split(",") } : undefined;
}
