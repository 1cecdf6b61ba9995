/** Picks one of a suite's protocols by name. */
import { EvalrunError } from '../errors.js';

/** @throws EvalrunError `usage/unknown-protocol` with the list */
export function chooseProtocol<P>(
  suite: { readonly name: string; readonly protocols: Readonly<Record<string, P>> },
  name: string,
): P {
  const protocol = Object.hasOwn(suite.protocols, name) ? suite.protocols[name] : undefined;
  if (protocol !== undefined) return protocol;
  throw new EvalrunError('usage/unknown-protocol', {
    what: `${suite.name} has no protocol "${name}"`,
    expected: `one of ${Object.keys(suite.protocols).join(', ')}`,
  });
}
