import { parseCpuList } from "../cpu-list.ts";
import { readAttribute } from "./values.ts";

/** The ids in a cpuset file; undefined when it is empty, which means that nothing was set here. */
export function readCpus(directory: string, name: string): readonly number[] | undefined {
  const ids = readAttribute(directory, name, parseCpuList);
  return ids?.length === 0 ? undefined : ids;
}
