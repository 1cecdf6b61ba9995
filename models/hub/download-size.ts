/** Sizes as the hub shows them, in powers of 1,000. */

/** `5.1 kB`, `14.2 GB` */
export function renderDownloadSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let power = 0;
  // 999,950 would be shown as 1000.0 kB.
  while (power < units.length - 1 && bytes >= 0.99995 * 1000 ** (power + 1)) power += 1;
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
