import type { LatestValue } from "./figures.ts";
export async function latestValues(_url: string, _address: string): Promise<readonly LatestValue[]> {
  return [];
}
