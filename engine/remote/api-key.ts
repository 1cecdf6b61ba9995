/** The key of a server: from the environment, into a header, and nowhere else. */

/** OPENAI_API_KEY, else EVALRUN_API_KEY, else none. */
export function keyFromEnvironment(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env.OPENAI_API_KEY || env.EVALRUN_API_KEY || undefined;
}

/** A function that takes the key out of texts which a server sent or an error holds, for servers quote what they were sent. */
export function keyRemover(key: string | undefined): (text: string) => string {
  if (key === undefined || key === '') return (text) => text;
  return (text) => text.replaceAll(key, '[key]');
}
