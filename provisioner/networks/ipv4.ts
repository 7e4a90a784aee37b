/** An IPv4 address as the number it is, 0 to 2³² − 1. */
export type Ipv4 = number;

export interface Cidr {
  readonly network: Ipv4;
  readonly prefixLength: number;
}

/** Both ends belong to it. */
export interface Range {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

/** Four decimal bytes; undefined for anything else, leading zeros (octal to some programs) included. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const bytes = text.split(".");
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255))
    return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

export function renderIpv4(address: Ipv4): string {
  return ipv4Bytes(address).join(".");
}

/** Most significant first. */
export function ipv4Bytes(address: Ipv4): readonly number[] {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
}

/** `10.0.0.0/24`; undefined for anything else. Bits beyond the prefix are kept: see `canonicalCidr`. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = "", length = ""] = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(text) ?? [];
  const network = parseIpv4(address);
  return network === undefined || Number(length) > 32 ? undefined : { network, prefixLength: Number(length) };
}

export function renderCidr({ network, prefixLength }: Cidr): string {
  return `${renderIpv4(network)}/${prefixLength}`;
}

/** The same network without bits beyond its prefix. */
export function canonicalCidr({ network, prefixLength }: Cidr): Cidr {
  const size = 2 ** (32 - prefixLength);
  return { network: Math.floor(network / size) * size, prefixLength };
}

export function rangeOf({ network, prefixLength }: Cidr): Range {
  return { first: network, last: network + 2 ** (32 - prefixLength) - 1 };
}
