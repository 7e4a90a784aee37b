import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, TLSSocket } from "node:tls";
import { errorLine, UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";

/** PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Whose certificates clients may show; none are asked for without. */
  readonly clientCa: string | undefined;
}

/** What a client has proved to be. */
export interface ClientCertificate {
  /** Whether the address is among the names in it. */
  covers(address: string): boolean;
}

/** Throws UsageError naming the files when they are no certificate and its key. */
export function readTls({ cert, key, clientCa }: TlsFiles): SecureContextOptions {
  try {
    const context = {
      cert: readFileSync(cert),
      key: readFileSync(key),
      ...(clientCa === undefined ? {} : { ca: readFileSync(clientCa) }),
      minVersion: "TLSv1.2" as const,
    };
    createSecureContext(context);
    return context;
  } catch (cause) {
    const files = [cert, key, clientCa].filter((path) => path !== undefined).join(", ");
    throw new UsageError(`TLS: ${files} cannot be used`, { cause });
  }
}

/** Connections made from now on see the files as they are now; files that cannot be used change nothing. */
export function reloadTls(
  servers: readonly { setSecureContext(context: SecureContextOptions): void }[],
  files: TlsFiles,
  log: Logger,
): void {
  try {
    const context = readTls(files);
    for (const server of servers) server.setSecureContext(context);
    log.info({ cert: files.cert }, "certificates read again");
  } catch (error) {
    log.warn({ problem: errorLine(error) }, "certificates not taken, the former ones are in force");
  }
}

/** Undefined where there is none, or one that nobody we trust has signed. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined
    ? undefined
    : { covers: (address) => certificate.checkIP(address) !== undefined };
}
