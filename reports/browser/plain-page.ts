/** Starts what a page without charts has: the switches. */
import { startLanguageSwitch } from './language-switch.js';
import { startThemeSwitch } from './theme-switch.js';

startThemeSwitch();
startLanguageSwitch();
