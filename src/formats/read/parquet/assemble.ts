import { Damaged, type FieldValues, type ListValues } from '../columnar/values.ts';
import type { LeafData } from './leaf-reader.ts';
import { leafValues } from './leaf-values.ts';
import type { LeafNode, ListNode, Node, StructNode } from './nodes.ts';
import { type Slots, validityOf } from './slots.ts';

/** What was read of a leaf, and which of the rows that begin in its pages come before those that are meant. */
export interface LeafRows {
  data: LeafData;
  skip: number;
}

/**
 * A field's values for `count` rows, from its leaves' levels.
 * @throws Damaged where there are fewer, or the leaves do not fit together
 */
export function assemble(node: Node, count: number, rowsOf: (leaf: LeafNode) => LeafRows): FieldValues {
  return values(
    node,
    once((leaf) => rowSlots(rowsOf(leaf), count)),
  );
}

type SlotsOf = (leaf: LeafNode) => Slots;

function once(slotsOf: SlotsOf): SlotsOf {
  const known = new Map<LeafNode, Slots>();
  return (leaf) => {
    const slots = known.get(leaf) ?? slotsOf(leaf);
    known.set(leaf, slots);
    return slots;
  };
}

function values(node: Node, slotsOf: SlotsOf): FieldValues {
  if (node.kind === 'leaf') return leafValues(node, slotsOf(node));
  return node.kind === 'list' ? lists(node, slotsOf) : structs(node, slotsOf);
}

/** A row begins where the repetition level is 0; what comes before the first belongs to a row of another piece. */
function rowSlots({ data, skip }: LeafRows, count: number): Slots {
  const { levels, repetition } = data;
  if (repetition === undefined) {
    if (levels < skip + count) throw tooFew();
    return { data, count, first: skip, starts: undefined, end: skip + count };
  }
  const known = repetition.subarray(0, levels);
  const starts = new Int32Array(count);
  let level = known.indexOf(0);
  for (let row = 0; row < skip + count; row++) {
    if (level < 0) throw tooFew();
    if (row >= skip) starts[row - skip] = level;
    level = known.indexOf(0, level + 1);
  }
  return { data, count, first: starts[0] ?? 0, starts, end: level < 0 ? levels : level };
}

function tooFew(): Damaged {
  return new Damaged('a column has fewer values than there are rows');
}

function structs(node: StructNode, slotsOf: SlotsOf): FieldValues {
  const fields = node.fields.map((field) => values(field, slotsOf));
  const slots = slotsOf(firstLeaf(node));
  if (fields.some(({ length }) => length !== slots.count))
    throw new Damaged('fields of one struct differ in length');
  return { kind: 'struct', length: slots.count, fields, validity: validityOf(slots, node.present) };
}

function lists(node: ListNode, slotsOf: SlotsOf): ListValues {
  const first = firstLeaf(node);
  const slots = slotsOf(first);
  const offsets = new Int32Array(slots.count + 1);
  const firstElements = elementsOf(node, slots, offsets);
  const elements = values(
    node.element,
    once((leaf) => (leaf === first ? firstElements : elementsOf(node, slotsOf(leaf)))),
  );
  if (elements.length !== offsets[slots.count]) throw new Damaged('fields of one list differ in length');
  return { kind: 'list', length: slots.count, offsets, elements, validity: validityOf(slots, node.present) };
}

/** The slots of the lists' elements. @param offsets filled with where each list's elements begin, and the last's end */
function elementsOf(node: ListNode, slots: Slots, offsets = new Int32Array(slots.count + 1)): Slots {
  const { data, count, first, end } = slots;
  const { definition, repetition, levels, values } = data;
  // No list within these lists, none NULL or empty: every level is an element.
  if (values.count === levels && data.maxRepetition === node.repetition) {
    for (let slot = 1; slot <= count; slot++) offsets[slot] = startOf(slots, slot) - first;
    return { ...slots, count: end - first, starts: undefined };
  }
  const found = new Int32Array(end - first);
  let elements = 0;
  for (let slot = 0; slot < count; slot++) {
    const start = startOf(slots, slot);
    const stop = startOf(slots, slot + 1);
    if (definition![start]! >= node.definition) {
      found[elements++] = start;
      // A lower level begins another list: this one's row, or one that has no elements at all.
      for (let i = start + 1; i < stop && repetition![i]! >= node.repetition; i++) {
        if (repetition![i] === node.repetition) found[elements++] = i;
      }
    }
    offsets[slot + 1] = elements;
  }
  return { data, count: elements, first: found[0] ?? first, starts: found.subarray(0, elements), end };
}

/** The level that a slot begins with; of the one behind the last, where that ends. */
function startOf({ count, first, starts, end }: Slots, slot: number): number {
  if (slot === count) return end;
  return starts === undefined ? first + slot : starts[slot]!;
}

function firstLeaf(node: Node): LeafNode {
  if (node.kind === 'leaf') return node;
  return firstLeaf(node.kind === 'list' ? node.element : node.fields[0]!);
}
