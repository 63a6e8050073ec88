/**
 * A YAML file that a person edits → its value, and where in the text each part of it stands. Only the
 * plain part of YAML 1.2 (core schema): no anchors, aliases, merges, tags or second documents, and no
 * key twice. The text is untrusted until the schema has seen it. The only importer of `yaml`.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { err, ok, type Result } from '../base/result.ts';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Source {
  readonly value: unknown;
  /** The problem `message` at `path`; at the key rather than the value when `atKey`. */
  readonly problemAt: (path: Path, message: string, atKey?: boolean) => Problem;
}

export const formatProblem = (p: Problem): string =>
  `${p.file}:${p.line}:${p.column}: ${p.message}`;

export function parseSource(text: string, file: string): Result<Source, readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  const at = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  const problems = [...document.errors, ...document.warnings].map((e) =>
    at(e.pos[0], sentence(e.message)),
  );
  problems.push(...forbidden(document).map(([offset, message]) => at(offset, message)));
  if (problems.length > 0) return err(problems);
  return ok({
    value: document.toJS() as unknown,
    problemAt: (path, message, atKey) => at(offsetOf(document, path, atKey ?? false), message),
  });
}

const sentence = (message: string): string => message.split('\n')[0]?.trim() ?? message;

function forbidden(document: Document.Parsed): [offset: number, message: string][] {
  const found: [number, string][] = [];
  visit(document, {
    Node(_key, node) {
      const offset = (node as Node).range?.[0] ?? 0;
      if (isAlias(node)) found.push([offset, 'aliases (*name) are not allowed: write it out']);
      else if (node.anchor) found.push([offset, 'anchors (&name) are not allowed: write it out']);
      else if (node.tag) found.push([offset, `tags (${node.tag}) are not allowed`]);
    },
  });
  return found;
}

/** Where the node at `path` begins; where it is missing, where its nearest parent begins. */
function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (!isPair(pair)) break;
      const last = index === path.length - 1;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      if (last && atKey) return offset;
      node = pair.value;
    } else node = document.getIn(path.slice(0, index + 1), true);
    if (!isNode(node)) break;
    offset = node.range?.[0] ?? offset;
  }
  return offset;
}
