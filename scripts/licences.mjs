import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The licences of the packages that bundles hold: each asks to go along with what is made of it.
 * @param {string} root of the project
 * @param {import('esbuild').Metafile[]} metafiles of the bundles
 */
export async function licences(root, metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const folders = inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  const texts = await Promise.all(
    [...new Set(folders)].sort().map((folder) => licence(path.join(root, folder))),
  );
  return `Packages that files of this folder hold, and their licences.\n${texts.join('')}`;
}

async function licence(folder) {
  const { name, version, license, author } = JSON.parse(
    await readFile(path.join(folder, 'package.json'), 'utf8'),
  );
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  // Some only name theirs.
  const text =
    file === undefined
      ? `${license}, ${author?.name ?? author}`
      : await readFile(path.join(folder, file), 'utf8');
  return `\n${'─'.repeat(80)}\n${name} ${version}\n\n${text.trim()}\n`;
}
