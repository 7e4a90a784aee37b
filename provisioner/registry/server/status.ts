import { renderTable } from "../../table.ts";
import { renderAddress } from "./address.ts";
import type { ServerSpec } from "./declaration.ts";
import { takesConnections } from "./running.ts";
import type { ReplicaState, ServerDocuments } from "./window.ts";

/** A replica as it last said of itself, and as it is found. */
export interface ReplicaStatus {
  readonly replica: string;
  readonly address: string;
  /** `unknown`: it has never said anything to this store. */
  readonly state: ReplicaState["state"] | "unknown";
  readonly sinceMs: number | undefined;
  /** Whether it takes connections now. */
  readonly answers: boolean;
}

export async function readReplicas(
  { replicas }: ServerSpec,
  documents: ServerDocuments,
): Promise<readonly ReplicaStatus[]> {
  const told = await documents.readReplicas();
  return Promise.all(
    replicas.map(async (replica) => {
      const { state = "unknown", sinceMs } = told.get(replica.name) ?? {};
      const answers = await takesConnections(replica);
      return { replica: replica.name, address: renderAddress(replica), state, sinceMs, answers } as const;
    }),
  );
}

export function renderReplicas(replicas: readonly ReplicaStatus[]): string {
  const rows = replicas.map(({ replica, address, state, sinceMs, answers }) => {
    const since = sinceMs === undefined ? "-" : new Date(sinceMs).toISOString();
    return [replica, address, state, since, answers ? "yes" : "no"];
  });
  return renderTable(["REPLICA", "ADDRESS", "STATE", "SINCE", "ANSWERS"], rows);
}
