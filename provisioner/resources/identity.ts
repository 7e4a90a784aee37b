import type { Identity } from "../step/steps.ts";
import type { Machine, Observed, Resource } from "./types.ts";

/** What the machine is told about itself, below /etc/plimsoll inside. */
export const identity: Resource = {
  kind: "identity",
  reach: (observed, wanted) => {
    const { id, name, network } = wanted;
    if (isAsWanted(observed, wanted)) return [];
    const was = observed.identity === undefined ? undefined : identityOf(observed.identity);
    return [{ kind: "writeIdentity", machine: { id, name }, network, identity: identityOf(wanted), was }];
  },
  remove: ({ identity: found }, { id, name }) =>
    found === undefined ? [] : [{ kind: "removeIdentity", machine: { id, name } }],
};

function identityOf({ generation, type, labels }: Identity): Identity {
  return { generation, type, labels };
}

function isAsWanted({ identity: found, address }: Observed, wanted: Machine): boolean {
  return (
    found !== undefined &&
    found.address === address?.text &&
    found.generation === wanted.generation &&
    found.type === wanted.type &&
    sameLabels(found.labels, wanted.labels)
  );
}

function sameLabels(a: Identity["labels"], b: Identity["labels"]): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
