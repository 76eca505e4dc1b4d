import { Cursor, damaged, type FileBytes } from './bytes.ts';
import type { Superblock } from './superblock.ts';

/** What an object's header says of it, by the specification's numbers. */
export const messageTypes = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  continuation: 0x10,
  symbolTable: 0x11,
} as const;

export interface Message {
  type: number;
  /** What it says is kept elsewhere, for several objects. */
  shared: boolean;
  bytes: Uint8Array;
}

/** Objects have some dozens; a chain without end is damage. */
const mostMessages = 20_000;

/** All messages of an object (IV.A): a group's, or a dataset's. */
export async function readObjectHeader(
  file: FileBytes,
  superblock: Superblock,
  address: number,
): Promise<Message[]> {
  const begins = new Cursor(await file.part(address, 16), file.name);
  const first =
    begins.take(4).toString('latin1') === 'OHDR'
      ? await secondVersion(file, address)
      : await firstVersion(file, address);
  const messages: Message[] = [];
  const blocks = [first.block];
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    for (const message of first.messagesOf(block)) {
      if (message.type !== messageTypes.continuation) messages.push(message);
      else blocks.push(await first.continued(new Cursor(message.bytes, file.name), superblock));
      if (messages.length + blocks.length > mostMessages) throw damaged(file.name);
    }
  }
  return messages;
}

interface Header {
  block: Cursor;
  messagesOf: (block: Cursor) => Generator<Message>;
  continued: (message: Cursor, superblock: Superblock) => Promise<Cursor>;
}

async function firstVersion(file: FileBytes, address: number): Promise<Header> {
  const prefix = new Cursor(await file.part(address, 16), file.name);
  if (prefix.uint(1) !== 1) throw damaged(file.name);
  const length = prefix.skip(7).uint(4);
  return {
    block: new Cursor(await file.part(address + 16, length), file.name),
    messagesOf: function* (block) {
      while (block.left >= 8) {
        const [type, size, flags] = [block.uint(2), block.uint(2), block.uint(1)];
        yield { type, shared: (flags & 2) !== 0, bytes: block.skip(3).take(size) };
      }
    },
    continued: async (message, { offsets, lengths }) => {
      const [from, size] = [message.uint(offsets), message.uint(lengths)];
      return new Cursor(await file.part(from, size), file.name);
    },
  };
}

async function secondVersion(file: FileBytes, address: number): Promise<Header> {
  const prefix = new Cursor(await file.part(address, 6), file.name);
  const flags = prefix.expect('OHDR').skip(1).uint(1);
  const sizeOfLength = 1 << (flags & 3);
  // Four times of change, and two limits of attributes.
  const optional = ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0);
  const start = 6 + optional + sizeOfLength;
  const length = new Cursor(await file.part(address, start), file.name).skip(6 + optional).uint(sizeOfLength);
  const ordered = (flags & 4) !== 0;
  return {
    block: new Cursor(await file.part(address + start, length), file.name),
    messagesOf: function* (block) {
      while (block.left >= (ordered ? 6 : 4)) {
        const [type, size, flags] = [block.uint(1), block.uint(2), block.uint(1)];
        yield { type, shared: (flags & 2) !== 0, bytes: block.skip(ordered ? 2 : 0).take(size) };
      }
    },
    continued: async (message, { offsets, lengths }) => {
      const [from, size] = [message.uint(offsets), message.uint(lengths)];
      const whole = new Cursor(await file.part(from, size), file.name).expect('OCHK');
      // Before its checksum.
      return new Cursor(whole.take(Math.max(0, size - 8)), file.name);
    },
  };
}
