/** Numbers along the axes of charts and in lists, as people read them. */
import type { Unit } from '../chart-spec.js';

/** `1234567` -> `1,234,567`; fractions have up to three significant digits. */
export function numberText(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** A ratio 0..1 as `61.3 %`. */
export function percentText(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}

/** `14.2 GiB` */
export function bytesText(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  while (power < names.length - 1 && Math.abs(bytes) >= 1024 ** (power + 1)) power += 1;
  const value = bytes / 1024 ** power;
  return `${value.toFixed(power === 0 || Number.isInteger(value) ? 0 : 1)} ${names[power]}`;
}

/** `45 s`, `12:30`, `2:00:00` */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${numberText(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function unitText(unit: Unit, value: number): string {
  switch (unit) {
    case 'ratio':
      return `${numberText(Math.round(value * 1000) / 10)} %`;
    case 'points':
      return `${value > 0 ? '+' : ''}${numberText(Math.round(value * 1000) / 10)}`;
    case 'bytes':
      return bytesText(value);
    case 'seconds':
      return secondsText(value);
    case 'number':
      return numberText(value);
  }
}
