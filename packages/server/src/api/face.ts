import type { JsonObject, Route } from '@volary/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EngineDeps } from '../engine/deps.ts';
import type { Engine } from '../engine/engine.ts';
import type { ApiLimits } from './limits.ts';
import { isOfPattern } from './match-path.ts';
import type { Occupancy } from './occupancy.ts';
import type { Upgrades } from './realtime/upgrades.ts';
import type { RequestSignals } from './request-signals.ts';

/** One way to ask for what the engine does: the native API, or a dialect. It is mounted below a prefix, or at the root of a listener of its own. */
export interface Face {
  /** By which callers are limited, and `--listen NAME=HOST:PORT` calls it. */
  readonly name: string;
  /** Without the prefix. */
  readonly routes: readonly Route[];
  /** Its OpenAPI document; the same for the same version of the server. */
  describe(version: string): JsonObject;
  /** Adds its routes, with parsers, validation and errors of their own, to an app that has the prefix already. */
  mount(app: FastifyInstance, context: FaceContext): Promise<void>;
  /** Answers with the error in the words of this face. */
  refuse(error: unknown, request: FastifyRequest, reply: FastifyReply, log: EngineDeps['log']): FastifyReply;
  /** What is said of a path where nothing is. */
  readonly unknownPath: string;
  /** Whether a request to this path, without the prefix, counts against the caller's limit. */
  isCounted(path: string): boolean;
}

/** A face and where it is: empty for the root, else `/volant`. */
export interface MountedFace {
  readonly face: Face;
  readonly prefix: string;
}

/** Whose word counts about who asks. */
export interface Identities {
  /** Anybody is whom a header names: for development. */
  readonly devAuth: boolean;
  /** Whoever calls from this machine needs no key, where a dialect is open to it. */
  readonly isLoopbackOpen: boolean;
  /** There are proxies that say so. */
  readonly trustsProxies: boolean;
}

/** What this server was made of. */
export interface Build {
  /** The state of its sources, shortened; null where they were not kept with it. */
  readonly commit: string | null;
  /** When that was made, ISO 8601 in UTC; else when its files were written. */
  readonly date: string;
  /** `docs/errors.md`; empty where it was not kept with it. */
  readonly errors: string;
}

/** What whoever runs the server has it say of itself. */
export interface Installation {
  /** Where whoever is answered with a fault of the server finds help. */
  readonly supportUrl: string;
  /** What this host's region is called. */
  readonly region: string;
}

/** What the handlers of a face work with. */
export interface FaceContext {
  readonly engine: Engine;
  readonly log: EngineDeps['log'];
  readonly limits: ApiLimits;
  readonly signals: RequestSignals;
  readonly occupancy: Occupancy;
  readonly version: string;
  readonly build: Build;
  readonly upgrades: Upgrades;
  /** Origins whose pages may open sockets, besides this server's own address. */
  readonly allowedOrigins: readonly string[];
  readonly identities: Identities;
  readonly installation: Installation;
  /** Where the face is mounted. */
  readonly prefix: string;
}

/** The face whose path this is: of those below a prefix the one that has it, else the one at the root, if there is one. */
export function faceAt(faces: readonly MountedFace[], path: string): MountedFace | null {
  const below = faces.find(({ prefix }) => prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`)));
  return below ?? faces.find(({ prefix }) => prefix === '') ?? null;
}

/**
 * The path of a URL as the face below this prefix has it: decoded, and without what stands before it in a request that names the server
 * (`GET http://box/v1/vms`), since a route is found by that as well.
 */
export function pathBelow(prefix: string, url: string): string {
  const path = /^[^?#]*/.exec(url.replace(/^https?:\/\/[^/?#]*/i, ''))?.[0] ?? '';
  return decoded(path).slice(prefix.length);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    // No route is at what cannot be decoded.
    if (error instanceof URIError) return path;
    throw error;
  }
}

/** Whether a route at the path of this URL has WebSockets. */
export function hasSockets(faces: readonly MountedFace[], url: string): boolean {
  const mounted = faceAt(faces, pathBelow('', url));
  if (mounted === null) return false;
  const path = pathBelow(mounted.prefix, url);
  return mounted.face.routes.some((route) => 101 in route.responses && isOfPattern(route.path, path));
}

/** Whether a request to this URL counts against its caller's limit. */
export function isCounted(faces: readonly MountedFace[], url: string): boolean {
  const path = pathBelow('', url);
  const mounted = faceAt(faces, path);
  return mounted?.face.isCounted(path.slice(mounted.prefix.length)) === true;
}
