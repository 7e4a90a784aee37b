// The PROXY protocol (haproxy.org, "The PROXY protocol", versions 1 and 2): what a proxy says of the
// connection it stands for, before anything else:
//   PROXY TCP4 10.0.0.7 10.0.0.1 56324 9465\r\n
//   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a  21 11 00 0c  <addresses and ports>
import { isIP } from "node:net";

export interface ProxyHeader {
  /** Who is behind the proxy; undefined where it speaks for itself, as in a health check. */
  readonly address: string | undefined;
  /** Where what follows begins. */
  readonly length: number;
}

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const HEAD_BYTES = 16;
/** A version 1 line with the longest addresses. */
const MAX_LINE = 107;
const VERSION_2 = 0x20;
const COMMAND_PROXY = 1;
/** Address family and transport, and how long one address is. */
const FAMILIES: ReadonlyMap<number, number> = new Map([
  [0x11, 4],
  [0x21, 16],
]);

/** Undefined while more has to come. Throws RangeError for what is no such header. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (known > 0 && bytes.compare(SIGNATURE, 0, known, 0, known) === 0) return parseBinary(bytes);
  return parseLine(bytes);
}

function parseLine(bytes: Buffer): ProxyHeader | undefined {
  const text = bytes.toString("latin1", 0, MAX_LINE);
  const start = "PROXY ".slice(0, text.length);
  const end = text.indexOf("\r\n");
  if (!text.startsWith(start) || (end === -1 && bytes.length >= MAX_LINE)) throw malformed();
  if (end === -1) return undefined;
  const [, family = "", source = "", ...others] = text.slice(0, end).split(" ");
  if (family === "UNKNOWN") return { address: undefined, length: end + 2 };
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : Number.NaN;
  if (isIP(source) !== version || others.length !== 3) throw malformed();
  return { address: source, length: end + 2 };
}

function parseBinary(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const [command = 0, family = 0] = bytes.subarray(12, 14);
  if ((command & 0xf0) !== VERSION_2 || (command & 0x0f) > COMMAND_PROXY) throw malformed();
  const length = HEAD_BYTES + bytes.readUInt16BE(14);
  if (bytes.length < length) return undefined;
  const width = FAMILIES.get(family);
  if ((command & 0x0f) !== COMMAND_PROXY || width === undefined) return { address: undefined, length };
  if (length < HEAD_BYTES + 2 * width + 4) throw malformed();
  return { address: addressOf(bytes.subarray(HEAD_BYTES, HEAD_BYTES + width)), length };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function malformed(): RangeError {
  return new RangeError("no PROXY header");
}
