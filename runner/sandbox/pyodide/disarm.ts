/** Takes from a Node.js process what an escape from Python could use. Runs inside, before any program. */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import module, { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import process from 'node:process';
import tls from 'node:tls';
import v8 from 'node:v8';
import vm from 'node:vm';

/** Those of a realm without Node.js. */
const languageGlobals: readonly string[] = vm.runInNewContext('Object.getOwnPropertyNames(globalThis)');

/** Of Node.js, what Pyodide uses after it was loaded; none of it reaches beyond the process. */
const harmlessGlobals = [
  ...['console', 'performance', 'crypto', 'TextDecoder', 'TextEncoder', 'URL', 'AbortSignal', 'AbortController'],
  ...['DOMException', 'Event', 'EventTarget', 'atob', 'btoa', 'queueMicrotask', 'setTimeout', 'clearTimeout'],
];

/** What Pyodide asks the process for when a program asks Python. */
const harmlessProcess = { getuid: () => 65534, umask: () => 0o022 };

/**
 * Afterwards no module that reaches files, processes, the network, the compiler or the machine has a working function left,
 * and neither have the prototypes behind them. This is the second line; the first are Node's permissions, the absence of
 * code made from strings, and the kernel's limits.
 */
export function disarm(): void {
  // Every socket shares these, standard output's too.
  empty(net.Socket.prototype, ['connect']);
  empty(net.Server.prototype, ['listen']);
  empty(dgram.Socket.prototype, ['bind', 'connect', 'send']);
  for (const { prototype } of [dns.Resolver, dnsPromises.Resolver]) {
    empty(prototype, Object.getOwnPropertyNames(Object.getPrototypeOf(prototype)));
  }
  const modules = [childProcess, dgram, dns, dnsPromises, fs, fsPromises, http, https, module, net, os, tls, v8, vm];
  for (const target of modules) empty(target, Object.getOwnPropertyNames(target));
  empty(process, [...Object.getOwnPropertyNames(process), 'binding', 'dlopen', 'kill', 'getBuiltinModule']);
  syncBuiltinESMExports();
  const kept = new Set([...languageGlobals, ...harmlessGlobals]);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!kept.has(name)) Reflect.deleteProperty(globalThis, name);
  }
  Object.assign(globalThis, { process: Object.assign(Object.create(null), harmlessProcess) });
}

/** Replaces functions by one that throws, and everything else by nothing. */
function empty(target: object, names: readonly string[]): void {
  for (const name of names) {
    const found = Reflect.getOwnPropertyDescriptor(target, name);
    if (name === 'constructor' || found?.configurable === false) continue;
    const value = typeof found?.value === 'object' ? undefined : refuse;
    Reflect.defineProperty(target, name, { value, configurable: false, writable: false });
  }
}

function refuse(): never {
  throw new Error('not available in the sandbox');
}
