/**
 * Keeps V8's heap close to what is alive in it. It would rather grow than collect: up to 32 MiB for the youngest objects and several
 * times what is alive for the others, which is memory that a model could have. Collecting sooner takes no time that could be
 * measured, because almost all that a run allocates, texts and token ids of prompts, is dead by then.
 *
 * Imported before everything else, because what has grown stays.
 */
import v8 from 'node:v8';

/** The youngest objects get what the heap begins with. */
v8.setFlagsFromString('--semi-space-growth-factor=1');
/** The others are collected when they are this much more than after the last collection, in percent. */
v8.setFlagsFromString('--heap-growing-percent=30');
