import type { FieldType } from '../columnar/field-type.ts';
import { Damaged } from '../columnar/values.ts';
import { leafType } from './leaf-type.ts';
import type { SchemaElement } from './metadata.ts';
import type { Node } from './nodes.ts';

/** A field of the file. */
export interface SchemaField {
  name: string;
  type: FieldType;
  node: Node;
}

interface Tree {
  element: SchemaElement;
  children: readonly Tree[];
}

type Typed = Omit<SchemaField, 'name'>;

const [OPTIONAL, REPEATED] = [1, 2];
const deepest = 32;

/** The fields of a schema, which is a tree, written down depth first. @throws Damaged */
export function readSchema(elements: readonly SchemaElement[]): SchemaField[] {
  let next = 0;
  const grow = (depth: number): Tree => {
    const element = elements[next++];
    if (element === undefined || element.children > elements.length)
      throw new Damaged('its schema is cut short');
    if (depth > deepest) throw new Damaged('its schema nests too deep');
    return { element, children: Array.from({ length: element.children }, () => grow(depth + 1)) };
  };
  const { children } = grow(0);
  const builder = new Builder();
  return children.map((child) => ({ name: child.element.name, ...builder.field(child, 0, 0) }));
}

class Builder {
  private leaves = 0;

  /** @param definition the levels of what stands above */
  field(tree: Tree, definition: number, repetition: number): Typed {
    const { repetition: how } = tree.element;
    if (how === REPEATED)
      return this.list(definition, repetition, () => this.value(tree, definition + 1, repetition + 1));
    return this.value(tree, how === OPTIONAL ? definition + 1 : definition, repetition);
  }

  /** @param present the definition level of the value itself */
  private value(tree: Tree, present: number, repetition: number): Typed {
    const { element, children } = tree;
    if (element.type !== undefined) {
      const { type, storage } = leafType(element);
      const leaf = this.leaves++;
      return { type, node: { kind: 'leaf', leaf, present, maxRepetition: repetition, storage } };
    }
    const [child] = children;
    if (child === undefined)
      throw new Damaged(`its schema has the group ${element.name}, which holds nothing`);
    const repeats = children.length === 1 && child.element.repetition === REPEATED;
    if (repeats && isMap(element) && child.children.length === 2) return this.map(child, present, repetition);
    if (repeats && isList(element)) {
      return this.list(present, repetition, () => this.element(tree, child, present + 1, repetition + 1));
    }
    const fields = children.map((each) => this.field(each, present, repetition));
    const names = children.map((each) => each.element.name);
    return {
      type: { kind: 'struct', names, types: fields.map(({ type }) => type) },
      node: { kind: 'struct', present, fields: fields.map(({ node }) => node) },
    };
  }

  /** The element of a list, by LogicalTypes.md's rules, old ways of writing lists among them. */
  private element(list: Tree, repeated: Tree, definition: number, repetition: number): Typed {
    const { name } = repeated.element;
    const [only, ...others] = repeated.children;
    const isElement =
      only === undefined ||
      others.length > 0 ||
      only.element.repetition === REPEATED ||
      name === 'array' ||
      name === `${list.element.name}_tuple`;
    return isElement
      ? this.value(repeated, definition, repetition)
      : this.field(only, definition, repetition);
  }

  private list(present: number, repetition: number, element: () => Typed): Typed {
    const { type, node } = element();
    return {
      type: { kind: 'list', element: type },
      node: { kind: 'list', present, definition: present + 1, repetition: repetition + 1, element: node },
    };
  }

  private map(repeated: Tree, present: number, repetition: number): Typed {
    const { node, type } = this.list(present, repetition, () =>
      this.value(repeated, present + 1, repetition + 1),
    );
    const entry = (type as FieldType & { kind: 'list' }).element as FieldType & { kind: 'struct' };
    const [key, value] = entry.types as [FieldType, FieldType];
    return { type: { kind: 'map', key, value }, node };
  }
}

function isList({ logicalType, convertedType }: SchemaElement): boolean {
  return convertedType === 3 || logicalType?.has(3) === true;
}

function isMap({ logicalType, convertedType }: SchemaElement): boolean {
  return convertedType === 1 || convertedType === 2 || logicalType?.has(2) === true;
}
