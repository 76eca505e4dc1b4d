/**
 * How a field's values are put together from its leaves' levels (Parquet's LogicalTypes.md, and "Dremel: Interactive
 * Analysis of Web-Scale Datasets", section 4). Plain data, as it goes to the lanes.
 */
export type Node = LeafNode | ListNode | StructNode;

interface Optional {
  /** The definition level from which on there is a value, rather than NULL here or above. */
  present: number;
}

export interface LeafNode extends Optional {
  kind: 'leaf';
  /** Its number among the leaves of the schema. */
  leaf: number;
  maxRepetition: number;
  storage: Storage;
}

export interface ListNode extends Optional {
  kind: 'list';
  /** The definition level from which on there is an element, and the repetition level at which a further one begins. */
  definition: number;
  repetition: number;
  element: Node;
}

export interface StructNode extends Optional {
  kind: 'struct';
  fields: readonly Node[];
}

/** How a leaf's values lie in its pages. `bits`: booleans; `bytes`: of any length; else of `width` bytes. */
export type Storage = { kind: 'bits' } | { kind: 'bytes' } | { kind: 'fixed'; width: number; view: View };

/** What values of one width are read as: numbers as they lie, 12 bytes of an INT96 timestamp, or bytes. */
export type View = 'f2' | 'f4' | 'f8' | 'i4' | 'u4' | 'i8' | 'u8' | 'int96' | 'bytes';

/** The leaves of a field, in the schema's order. */
export function leavesOf(node: Node): readonly LeafNode[] {
  if (node.kind === 'leaf') return [node];
  return node.kind === 'list' ? leavesOf(node.element) : node.fields.flatMap(leavesOf);
}
