/**
 * A YAML file that a person edits → its value, and where in the text each part of it stands. Only the
 * plain part of YAML 1.2 (core schema): no directives, anchors, aliases, merges, tags or second
 * documents, no key twice, and no character that a reviewer of the file cannot see. The text is
 * untrusted until the schema has seen it. The only importer of `yaml`.
 */
import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { findInvisible } from '../base/invisible.ts';
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
  /** What `path` names has the problem `message`; it is placed at its key when `atKey`. */
  readonly problemAt: (path: Path, message: string, atKey?: boolean) => Problem;
  /** From where to where in the text the value at `path` stands; undefined where there is none. */
  readonly spanOf: (path: Path) => readonly [start: number, end: number] | undefined;
}

/** Bytes, and so characters. Nobody reads a longer one. */
export const MAX_FILE_LENGTH = 1 << 18;

/**
 * Reading a file takes as long as it has parts, most of all if each is wrong, and the daemon does nothing
 * else meanwhile. So many take less than a second, and are enough for a hundred actions with their tests.
 */
export const MAX_PARTS = 50_000;

export const formatProblem = (p: Problem): string =>
  `${p.file}:${p.line}:${p.column}: ${p.message}`;

/** More than that nobody reads at once; finding the place of each takes time. */
export const MAX_PROBLEMS = 100;

export const inFileOrder = (problems: readonly Problem[]): readonly Problem[] =>
  problems.toSorted((a, b) => a.line - b.line || a.column - b.column);

export function parseSource(text: string, file: string): Result<Source, readonly Problem[]> {
  const lines = countLines(text);
  const at = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  if (text.length > MAX_FILE_LENGTH)
    return err([at(0, `the file is longer than ${MAX_FILE_LENGTH} characters`)]);
  const refuse = (found: readonly Finding[]) =>
    err(inFileOrder(found.slice(0, MAX_PROBLEMS).map((finding) => at(...finding))));
  const early = [misleading, excessive].map((look) => look(text)).find((found) => found.length > 0);
  if (early) return refuse(early);
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    uniqueKeys: false, // quadratic; `forbidden` looks for them
    merge: false,
    prettyErrors: false,
  });
  const { errors, warnings } = document;
  const findings = [worded(errors), forbidden(document), worded(warnings)];
  const first = findings.find((found) => found.length > 0);
  if (first) return refuse(first);
  return ok({
    value: document.toJS() as unknown,
    problemAt: (path, message, atKey) =>
      at(
        offsetOf(document, path, atKey ?? false),
        path.length > 0 ? `${path.join('.')}: ${message}` : message,
      ),
    spanOf(path) {
      const node = document.getIn(path, true);
      return isNode(node) && node.range ? [node.range[0], node.range[1]] : undefined;
    },
  });
}

type Finding = readonly [offset: number, message: string];

function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
    lines.addNewLine(at + 1);
  return lines;
}

/** What makes the text look like another one (CVE-2021-42574) or be read as another language. */
const misleading = (text: string): Finding[] =>
  text
    .matchAll(/^%|[^\P{Cc}\t\n\r]|\p{Bidi_Control}/gmu)
    .take(MAX_PROBLEMS)
    .map(
      ({ index, 0: found }): Finding => [
        index,
        found === '%' ? 'directives (%) are not allowed' : `here is ${findInvisible(found)}`,
      ],
    )
    .toArray();

/** Tokens that are not in the text, which has been seen to be without control characters. */
const LEXER_MARKS = new Set(['\x02', '\x18', '\x1f']);

/** Counts tokens, not nodes: the lexer is quick on any text, and the parser is not. */
function excessive(text: string): Finding[] {
  let offset = 0;
  let parts = 0;
  for (const token of new Lexer().lex(text)) {
    // Each escape in double quotes is looked at, and can be wrong, by itself.
    parts += token.startsWith('"') ? token.split('\\').length : 1;
    if (parts > MAX_PARTS)
      return [[offset, `too much from here on: a file may have ${MAX_PARTS} parts (words, marks)`]];
    if (!LEXER_MARKS.has(token)) offset += token.length;
  }
  return [];
}

const OWN_WORDS: Partial<Record<ErrorCode, string>> = {
  MULTIPLE_DOCS: 'a second document is not allowed',
  NON_STRING_KEY: 'a key must be plain text',
  RESOURCE_EXHAUSTION: 'nested too deeply',
};

const worded = (errors: readonly YAMLError[]): Finding[] =>
  errors.map(({ pos, code, message }) => [
    pos[0],
    OWN_WORDS[code] ?? message.split('\n')[0]?.trim() ?? message,
  ]);

const MAX_DEPTH = 64;

function forbidden(document: Document.Parsed): Finding[] {
  const found: Finding[] = [];
  visit(document, {
    Node(_key, node, path) {
      const offset = start(node as Node);
      if (path.length > MAX_DEPTH) {
        found.push([offset, 'nested too deeply']);
        return visit.BREAK;
      }
      if (isAlias(node)) found.push([offset, 'aliases (*name) are not allowed: write it out']);
      else if (node.anchor) found.push([offset, 'anchors (&name) are not allowed: write it out']);
      else if (node.tag) found.push([offset, `tags (${node.tag}) are not allowed`]);
      if (isMap(node)) found.push(...forbiddenKeys(node));
      if (isScalar(node) && typeof node.value === 'string') {
        // Several lines and the look of an emoji are fine; what "\u202e" writes is not.
        const invisible = findInvisible(node.value.replace(/[\t\n]|\uFE0E|\uFE0F/g, ''));
        if (invisible) found.push([offset, `here is ${invisible}`]);
      }
      return undefined;
    },
  });
  return found;
}

function forbiddenKeys(map: YAMLMap): Finding[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }): Finding[] => {
    if (!isScalar(key) || typeof key.value !== 'string') return [];
    const name = key.value;
    const twice = seen.has(name);
    seen.add(name);
    if (twice) return [[start(key), `the key "${name}" is there twice`]];
    // The schema would skip it without a word.
    return name === '__proto__' ? [[start(key), 'unknown key "__proto__"']] : [];
  });
}

const start = (node: Node): number => node.range?.[0] ?? 0;

/** Where the node at `path` begins; where it is missing, where what it is missing from is named. */
function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let named = 0;
  for (const step of path) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && key.value === step)
      : undefined;
    const inside = isSeq(node) && typeof step === 'number' ? node.items[step] : pair?.key;
    if (!isNode(inside)) return named;
    named = start(inside);
    node = pair ? pair.value : inside;
  }
  return isNode(node) && !atKey ? start(node) : named;
}
