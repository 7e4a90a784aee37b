import { isIP } from "node:net";

/** Where something listens, or is connected to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `10.0.0.11:5000`, `[fd00::11]:5000`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const [, six, four, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const [host, port] = [six ?? four ?? "", Number(digits)];
  const isFit = isIP(host) === (six === undefined ? 4 : 6) && port >= 1 && port <= 65_535;
  return isFit ? { host, port } : undefined;
}

export function renderAddress({ host, port }: Address): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
