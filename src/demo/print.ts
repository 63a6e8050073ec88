/** How the demo looks in a terminal. */
import { styleText } from 'node:util';

export interface Print {
  scene(title: string): void;
  /** `where`: the room, if it is somebody in one. */
  says(who: string, text: string, where?: string): void;
  /** What is seen besides. */
  note(text: string): void;
  /** Something that only the owner of the homeserver can do. */
  does(what: string): void;
}

const WIDTH = 8;

export function openPrint(out: (line: string) => void, colours: boolean): Print {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    colours ? styleText(format, text) : text;
  let scenes = 0;
  return {
    scene(title) {
      out('');
      out(style('bold', `── ${++scenes}. ${title}`));
    },
    says(who, text, where) {
      const isPerson = who !== 'bot' && who !== 'audit';
      const mark = isPerson ? '>' : '│';
      const place = where === undefined ? '' : style('dim', `   (in ${where})`);
      const colour = isPerson ? 'cyan' : /^(✗|TAMPERED|entr)/m.test(text) ? 'yellow' : 'green';
      for (const [index, line] of text.trimEnd().split('\n').entries())
        out(
          `${style('bold', (index === 0 ? who : '').padStart(WIDTH))} ${style(colour, mark)} ${line}${place}`,
        );
    },
    note(text) {
      out(`${' '.repeat(WIDTH)}   ${style('dim', text)}`);
    },
    does(what) {
      out(
        `${style(['bold', 'red'], 'mallory'.padStart(WIDTH))} ${style('red', '!')} ${style('red', what)}`,
      );
    },
  };
}
