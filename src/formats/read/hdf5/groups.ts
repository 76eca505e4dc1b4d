import { DataError } from '../../../errors.ts';
import { Cursor, damaged, type FileBytes } from './bytes.ts';
import { type Message, messageTypes, readObjectHeader } from './object-header.ts';
import type { Superblock } from './superblock.ts';

/** An object that is no group, by its path from the root: `train`, `images/features`. */
export interface FoundObject {
  path: string;
  messages: readonly Message[];
}

/** More than a file of vectors has; it is told of by name, and damage may look like many. */
const mostObjects = 10_000;

/** Everything in the file but its groups, in the order of the groups' own lists. */
export async function findObjects(file: FileBytes, superblock: Superblock): Promise<FoundObject[]> {
  const found: FoundObject[] = [];
  const seen = new Set<number>();
  const groups = [{ path: '', address: superblock.root }];
  for (let next = groups.shift(); next !== undefined; next = groups.shift()) {
    const { path, address } = next;
    if (seen.has(address)) continue;
    seen.add(address);
    if (seen.size > mostObjects) throw damaged(file.name);
    const messages = await readObjectHeader(file, superblock, address);
    const links = await linksOf(file, superblock, messages);
    if (links === undefined) found.push({ path, messages });
    else for (const link of links) groups.push({ ...link, path: `${path}${path && '/'}${link.path}` });
  }
  return found;
}

interface Link {
  path: string;
  address: number;
}

/** A group's own links; undefined for what is no group. Links to names and to other files are left out. */
async function linksOf(
  file: FileBytes,
  superblock: Superblock,
  messages: readonly Message[],
): Promise<Link[] | undefined> {
  const of = (type: number) => messages.filter((message) => message.type === type);
  const [table] = of(messageTypes.symbolTable);
  if (table !== undefined) return symbolTable(file, superblock, new Cursor(table.bytes, file.name));
  const [info] = of(messageTypes.linkInfo);
  if (info === undefined) return undefined;
  refuseDense(new Cursor(info.bytes, file.name), superblock, file.name);
  return of(messageTypes.link).flatMap(({ bytes }) => linkMessage(new Cursor(bytes, file.name), superblock));
}

/** The links of a group of many may lie in a heap of their own (IV.A.2.c). */
function refuseDense(info: Cursor, { offsets }: Superblock, file: string): void {
  const flags = info.skip(1).uint(1);
  if (info.skip((flags & 1) !== 0 ? 8 : 0).address(offsets) === undefined) return;
  throw new DataError('the file keeps the names of a group in a heap, which is not read', {
    code: 'unknown-hdf5',
    file,
    hint: asEarlier,
  });
}

export const asEarlier = '`h5repack --low=0 --high=1 <file> <new file>` writes it in a form that is read';

/** IV.A.2.g */
function linkMessage(link: Cursor, { offsets }: Superblock): Link[] {
  const flags = link.skip(1).uint(1);
  const type = (flags & 8) !== 0 ? link.uint(1) : 0;
  // The order of creation, and the name's character set.
  link.skip(((flags & 4) !== 0 ? 8 : 0) + ((flags & 16) !== 0 ? 1 : 0));
  const path = link.take(link.uint(1 << (flags & 3))).toString();
  return type === 0 ? [{ path, address: link.uint(offsets) }] : [];
}

/** A tree of nodes with entries, whose names lie in a local heap (III.A.1, III.B, III.C, III.D). */
async function symbolTable(file: FileBytes, superblock: Superblock, message: Cursor): Promise<Link[]> {
  const { offsets, lengths } = superblock;
  const root = message.uint(offsets);
  const names = await localHeap(file, superblock, message.uint(offsets));
  const links: Link[] = [];
  const nodes = [root];
  let visited = 0;
  for (let address = nodes.shift(); address !== undefined; address = nodes.shift()) {
    if (++visited > mostObjects) throw damaged(file.name);
    const signature = Buffer.from(await file.part(address, 8));
    if (signature.toString('latin1', 0, 4) === 'TREE') {
      const entries = signature.readUInt16LE(6);
      const size = 8 + 2 * offsets + entries * (lengths + offsets);
      const node = new Cursor(await file.part(address, size), file.name).skip(8 + 2 * offsets);
      for (let i = 0; i < entries; i++) nodes.push(node.skip(lengths).uint(offsets));
    } else {
      const entries = signature.readUInt16LE(6);
      const entryLength = 2 * offsets + 24;
      const node = new Cursor(await file.part(address, 8 + entries * entryLength), file.name);
      node.expect('SNOD').skip(4);
      for (let i = 0; i < entries; i++) links.push(...symbol(node, names, superblock));
    }
  }
  return links;
}

/** Of the cached kinds, 2 is a link to a name. */
function symbol(node: Cursor, names: Buffer, { offsets }: Superblock): Link[] {
  const nameAt = node.uint(offsets);
  const address = node.address(offsets);
  const cached = node.uint(4);
  node.skip(20);
  const path = names.toString('utf8', nameAt, Math.max(nameAt, names.indexOf(0, nameAt)));
  return cached === 2 || address === undefined ? [] : [{ path, address }];
}

async function localHeap(
  file: FileBytes,
  { offsets, lengths }: Superblock,
  address: number,
): Promise<Buffer> {
  const heap = new Cursor(await file.part(address, 8 + 2 * lengths + offsets), file.name);
  const size = heap.expect('HEAP').skip(4).uint(lengths);
  return Buffer.from(await file.part(heap.skip(lengths).uint(offsets), size));
}
