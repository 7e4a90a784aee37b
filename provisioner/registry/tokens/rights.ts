import type { Mapping } from "../../host/mapping.ts";
import { type Filter, parseFilter } from "../replication/filter.ts";
import type { Scope } from "./scope.ts";

/** Who may do what in which repositories. A user has what all rights together give. */
export interface Right {
  /** `*` is everybody, also who gives no name. */
  readonly users: readonly string[];
  readonly repositories: Filter;
  readonly actions: readonly Action[];
}

const ACTIONS = ["pull", "push", "delete", "catalog"] as const;
type Action = (typeof ACTIONS)[number];

export const RIGHT_KEYS = ["users", "repositories", "actions"] as const;

export function parseRight(mapping: Mapping<(typeof RIGHT_KEYS)[number]>): Right {
  const users = mapping.texts("users", "names of users");
  if (users.length === 0) mapping.refuse("users", "is needed; * is everybody");
  const actions = mapping.texts("actions").map((action) => {
    const known = ACTIONS.find((each) => each === action);
    return known ?? mapping.refuse("actions", `${JSON.stringify(action)} is none of ${ACTIONS.join(", ")}`);
  });
  if (actions.length === 0) mapping.refuse("actions", `is needed: ${ACTIONS.join(", ")}`);
  const repositories = parseFilter(mapping.nameOf("repositories"), mapping.texts("repositories", "patterns"));
  return { users, repositories, actions };
}

/** Of what is asked for, what `user` may do. Nothing of a scope is left where it is nothing. */
export function grant(
  rights: readonly Right[],
  user: string | undefined,
  scopes: readonly Scope[],
): readonly Scope[] {
  const own = rights.filter(
    ({ users }) => users.includes("*") || (user !== undefined && users.includes(user)),
  );
  return scopes
    .map((scope) => ({ ...scope, actions: scope.actions.filter((action) => isGranted(own, scope, action)) }))
    .filter(({ actions }) => actions.length > 0);
}

function isGranted(own: readonly Right[], { type, name }: Scope, action: string): boolean {
  if (type === "registry") return action === "*" && own.some(({ actions }) => actions.includes("catalog"));
  const gives = ({ actions, repositories }: Right): boolean =>
    actions.some((each) => each === action && each !== "catalog") && repositories(name);
  return own.some(gives);
}
