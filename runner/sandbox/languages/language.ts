/** What a programming language other than Python is to the sandbox: how it is found here, and what its two processes run. */

/** A language of HumanEval-Mul by the name that its file has. */
export type LanguageName = 'cpp' | 'java' | 'cs' | 'js' | 'ts' | 'php' | 'sh';

/** A program and its test, as text. */
export interface LanguageTask {
  /** The whole generated program, the prompt's part included. */
  readonly program: string;
  /** What the prompt says up to the function's body: imports, types, signature. */
  readonly prelude: string;
  /** The published test, which follows the function's body. */
  readonly test: string;
  readonly entryPoint: string;
}

/** What one process of a task runs: files in its own folder, a command that makes them ready, and one that runs them. */
export interface Script {
  /** Name in the process's folder -> text. */
  readonly files: Readonly<Record<string, string>>;
  /** Shell command; its failure means that the program is not a program of the language. Absent where nothing is compiled. */
  readonly compile?: string;
  /** Shell command that speaks on the channel. */
  readonly run: string;
}

/** A language that this machine can run. */
export interface Toolchain {
  readonly language: LanguageName;
  /** For run.json, e.g. `g++ (Debian 12.2.0-14+deb12u1) 12.2.0`. */
  readonly version: string;
  /** Files and folders that the sandbox's root needs, read-only, at the paths by which programs ask for them. */
  readonly mounts: readonly Mount[];
  /** Symbolic links: place -> where it leads. */
  readonly links?: Readonly<Record<string, string>>;
  /** Whether it does not start without a /proc; it then sees the processes of its own task. */
  readonly needsProc?: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Longest time that compiling and starting may take, before the task's own deadline begins. */
  readonly startMs: number;
  /** Whether the address space can be limited; virtual machines reserve more than they use. */
  readonly limitsAddressSpace: boolean;
  /** Holds the generated program, and answers questions about its function. */
  candidate(task: LanguageTask): Script;
  /** Holds the test, with a function of the same signature that asks the candidate. */
  judge(task: LanguageTask, nonce: string): Script;
}

export interface Mount {
  readonly from: string;
  readonly at: string;
}

export interface Language {
  readonly name: LanguageName;
  /** For people. */
  readonly title: string;
  /** What to do where it is missing. */
  readonly install: string;
  /** The toolchain of this machine, or why there is none, as half a sentence. */
  find(): Promise<Toolchain | string>;
  /** A task that a working toolchain passes. */
  readonly proof: LanguageTask;
}

/** Exit status of a process whose program does not compile; see workload.ts. */
export const compileFailure = 97;
