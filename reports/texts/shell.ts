/** Texts of the shell of every page, English and Chinese. */
import type { Dictionary } from '../text.js';

export const shellTexts = {
  'shell.language': ['中文', 'English'],
  'shell.language.label': ['Show this page in Chinese', '以英文显示本页'],
  'shell.theme': ['Light / dark', '浅色 / 深色'],
  'shell.theme.label': ['Switch between light and dark', '切换浅色与深色'],
  'shell.contents': ['Contents', '目录'],
  'shell.skip': ['Skip to the content', '跳到正文'],
  'shell.made': [
    'Made by evalrun. This file is complete: it loads nothing from anywhere.',
    '由 evalrun 生成。本文件自成一体，不会从任何地方加载内容。',
  ],
  'shell.live': [
    'Shown by evalrun view on this machine. It reads the folder of runs and changes nothing in it.',
    '由本机上的 evalrun view 显示。它只读取运行目录，不作任何修改。',
  ],
  'shell.noscript': [
    'Charts and the list of samples need JavaScript; everything else is readable without it.',
    '图表与样本列表需要 JavaScript，其余内容无需它即可阅读。',
  ],
} as const satisfies Dictionary;
