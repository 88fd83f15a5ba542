import { type Scalar, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { type Result, err } from '../../../base/index.js';
import { type Spot, type SpotFault, onlyOne } from './spot.js';
import { flagSpots, wordsIn } from './words.js';

/** The value of a flag of a pod's containers, wherever YAML lets it stand: items, quotes, flow lists, `sh -c` texts. */
export function spotInManifest(text: string, flag: string): Result<Spot, SpotFault> {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) return err(`it is no YAML: ${error.message.split('\n')[0] ?? ''}`);
  const containers = document.getIn(['spec', 'containers']);
  if (!isSeq(containers)) return err('it is no pod: spec.containers is missing');
  const spots: Spot[] = [];
  for (const container of containers.items) {
    if (!isMap(container)) continue;
    // In the order in which the kubelet puts them together.
    const items = ['command', 'args'].flatMap((key) => {
      const list = container.get(key);
      return isSeq(list) ? list.items.filter((item) => isScalar<unknown>(item)) : [];
    });
    spots.push(...items.flatMap((item, i) => spotsIn(text, item, items[i + 1], flag)));
  }
  const found = onlyOne(spots, flag, 'the containers');
  if (found.ok && found.value.value.includes('$')) {
    return err(`--${flag}=${found.value.value} names a variable`);
  }
  return found;
}

function spotsIn(
  text: string,
  item: Scalar,
  next: Scalar | undefined,
  flag: string,
): readonly Spot[] {
  const value = String(item.value);
  const exact = new RegExp(`^--?${flag}=`).exec(value);
  if (exact !== null) return literal(text, item, value.slice(exact[0].length));
  if (new RegExp(`^--?${flag}$`).test(value)) {
    return next === undefined ? [] : literal(text, next, String(next.value));
  }
  if (!value.includes(`-${flag}`)) return [];
  const [start, end] = rangeOf(item);
  const quoted = item.type === 'QUOTE_DOUBLE' || item.type === 'QUOTE_SINGLE' ? 1 : 0;
  return flagSpots(text, wordsIn(text, start + quoted, end - quoted), flag);
}

/** Where the value stands as it is read; nothing when it is written with escapes or over several lines. */
function literal(text: string, item: Scalar, value: string): readonly Spot[] {
  const [start, end] = rangeOf(item);
  const at = text.slice(start, end).lastIndexOf(value);
  return at < 0 || value === ''
    ? []
    : [{ start: start + at, end: start + at + value.length, value }];
}

const rangeOf = ({ range }: Scalar): readonly [number, number] => [
  range?.[0] ?? 0,
  range?.[1] ?? 0,
];
